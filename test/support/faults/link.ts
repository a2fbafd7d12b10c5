import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { nameStatement } from '../../../src/db/statement-name.ts';

/** When a link is cut: the database has not yet heard of the commit, or has acknowledged it already. */
export type CutMoment = 'before-commit' | 'after-commit';

/** A way to the database that can fail as networks do. */
export type Link = {
  /** The given address, led through here. */
  url: string;
  /** Cuts the connection of the next commit at that moment; resolves when it has happened. */
  cutNext: (moment: CutMoment) => Promise<void>;
  /** Cuts all connections at once. */
  cutAll: () => void;
  /** Nothing passes in either direction any more, and nobody is told: a half-open link. */
  hold: () => void;
  /** Lets pass again what was held, and what comes. */
  letGo: () => void;
  /** Each chunk of bytes comes this much later, in each direction. */
  delay: (milliseconds: number) => void;
  close: () => Promise<void>;
};

/** CommandComplete of a commit, message format of protocol 3: it is durable. */
const acknowledgement = Buffer.from('C\0\0\0\x0bCOMMIT\0', 'latin1');
/** A commit on its way, by its text or by the name under which a connection has prepared it. */
const commits = ['COMMIT', nameStatement('COMMIT')].map((text) => Buffer.from(`${text}\0`));

type State = {
  cut: { moment: CutMoment; onDone: () => void } | null;
  delayMs: number;
  held: Promise<void> | null;
  letGo: () => void;
};

/** Starts it; close it after anyone who is connected. */
export async function startLink(databaseUrl: string): Promise<Link> {
  const state: State = { cut: null, delayMs: 0, held: null, letGo: () => undefined };
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
        state.letGo = resolve;
      });
    },
    letGo() {
      state.letGo();
      state.held = null;
    },
    delay(milliseconds) {
      state.delayMs = milliseconds;
    },
    async close() {
      state.letGo();
      cutAll();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A side that breaks takes the other along. */
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

/** Chunks go out one after the other, so that a delay never changes their order. */
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
