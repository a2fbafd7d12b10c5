import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A proxy of the database that can cut a connection right after a commit. */
export type CommitCutter = {
  /** The given URL, through this proxy. */
  url: string;
  /**
   * Cuts the connection of the next commit once the database has acknowledged it, before the client receives the
   * acknowledgement. Resolves when the connection is cut.
   */
  cutNextCommit: () => Promise<void>;
  close: () => Promise<void>;
};

/** PostgreSQL's message for a durable transaction: CommandComplete, message format of protocol 3. */
const acknowledgement = Buffer.from('C\0\0\0\x0bCOMMIT\0', 'latin1');

/** Starts a proxy; close it after its clients. */
export async function startCommitCutter(databaseUrl: string): Promise<CommitCutter> {
  const target = new URL(databaseUrl);
  let onCut: (() => void) | null = null;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const database = connect(Number(target.port), target.hostname);
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      // An error is followed by a close, which closes both sides.
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
