import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { nameStatement } from '../../../src/db/statement-name.ts';

/** When a link is cut: before the database receives a commit, or after it has acknowledged it. */
export type CutMoment = 'before-commit' | 'after-commit';

/** A proxy of the database that can fail like a network. */
export type Link = {
  /** The given URL, through this proxy. */
  url: string;
  /** Cuts the connection of the next commit at that moment; resolves when it is cut. */
  cutNext: (moment: CutMoment) => Promise<void>;
  /** Cuts all connections at once. */
  cutAll: () => void;
  /** Stops all data in both directions without closing a connection: a half-open link. */
  hold: () => void;
  /** Forwards the held data and all later data. */
  release: () => void;
  /** Delays each chunk in each direction. */
  delay: (milliseconds: number) => void;
  close: () => Promise<void>;
};

/** CommandComplete of a durable commit, message format of protocol 3. */
const acknowledgement = Buffer.from('C\0\0\0\x0bCOMMIT\0', 'latin1');
/** A commit sent to the database, as text or by the name of a prepared statement. */
const commits = ['COMMIT', nameStatement('COMMIT')].map((text) => Buffer.from(`${text}\0`));

type State = {
  cut: { moment: CutMoment; onDone: () => void } | null;
  delayMs: number;
  held: Promise<void> | null;
  release: () => void;
};

/** Starts a link; close it after its clients. */
export async function startLink(databaseUrl: string): Promise<Link> {
  const state: State = { cut: null, delayMs: 0, held: null, release: () => undefined };
  const sockets = new Set<Socket>();
  const target = new URL(databaseUrl);
  const server = createServer((client) => {
    const database = connect(Number(target.port), target.hostname);
    join(client, database, sockets);
    pass(client, database, state, (chunk) => isCut(state, 'before-commit', chunk, commits));
    pass(database, client, state, (chunk) =>
      isCut(state, 'after-commit', chunk, [acknowledgement]),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    cutNext: (moment) =>
      new Promise((resolve) => {
        state.cut = { moment, onDone: resolve };
      }),
    cutAll,
    hold() {
      state.held = new Promise((resolve) => {
        state.release = resolve;
      });
    },
    release() {
      state.release();
      state.held = null;
    },
    delay(milliseconds) {
      state.delayMs = milliseconds;
    },
    async close() {
      state.release();
      cutAll();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Closes both sides when one closes. */
function join(client: Socket, database: Socket, sockets: Set<Socket>): void {
  for (const socket of [client, database]) {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      client.destroy();
      database.destroy();
    });
  }
}

/** Forwards chunks one after the other, so that a delay never changes their order. */
function pass(from: Socket, to: Socket, state: State, isCutBy: (chunk: Buffer) => boolean): void {
  let last = Promise.resolve();
  from.on('data', (chunk) => {
    const dueAt = performance.now() + state.delayMs;
    const forward = async () => {
      if (state.held !== null) await state.held;
      if (state.delayMs > 0) await sleep(Math.max(0, dueAt - performance.now()));
      if (!isCutBy(chunk)) to.write(chunk);
      else from.destroy();
    };
    last = last.then(forward);
  });
}

function isCut(state: State, moment: CutMoment, chunk: Buffer, patterns: Buffer[]): boolean {
  if (state.cut?.moment !== moment) return false;
  if (!patterns.some((pattern) => chunk.includes(pattern))) return false;
  state.cut.onDone();
  state.cut = null;
  return true;
}
