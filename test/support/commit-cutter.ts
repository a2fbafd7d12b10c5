import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to the database that can fail at the worst moment. */
export type CommitCutter = {
  /** The given address, led through here. */
  url: string;
  /**
   * Cuts the connection of the next commit once the database has acknowledged it, so that nobody who is
   * connected through here ever learns of it. Resolves when that has happened.
   */
  cutNextCommit: () => Promise<void>;
  close: () => Promise<void>;
};

/** What PostgreSQL says once a transaction is durable: CommandComplete, message format of protocol 3. */
const acknowledgement = Buffer.from('C\0\0\0\x0bCOMMIT\0', 'latin1');

/** Starts it; close it after anyone who is connected. */
export async function startCommitCutter(databaseUrl: string): Promise<CommitCutter> {
  const target = new URL(databaseUrl);
  let onCut: (() => void) | null = null;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const database = connect(Number(target.port), target.hostname);
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      // A side that breaks takes the other along, which is all there is to say of it.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        database.destroy();
      });
    }
    client.pipe(database);
    database.on('data', (chunk) => {
      if (onCut !== null && chunk.includes(acknowledgement)) {
        client.destroy();
        onCut();
        onCut = null;
      } else client.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cutNextCommit: () =>
      new Promise((resolve) => {
        onCut = resolve;
      }),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
