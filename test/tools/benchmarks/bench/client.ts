import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { type Connection, openConnection, type Reply } from '../connection.ts';
import { judgeReply, type Request } from './expect.ts';

/**
 * So many callers, each asking one thing at a time, the requests in turn: again at once, or after a pause.
 * With `perSecond` requests arrive by the clock instead, whether or not others have been answered, and
 * `connections` is how many can be under way.
 */
export type Load = {
  port: number;
  requests: readonly Request[];
  connections: number;
  milliseconds: number;
  /** How long a caller looks at its answer before it asks again, on average. */
  pauseMs?: number;
  perSecond?: number;
};

/** What came of it. */
export type Answers = {
  /** How long each good answer took, in ms, in order of size. */
  times: Float64Array;
  /** Rejected; where nobody may be, a failure. */
  refused: number;
  wrong: number;
  /** The first answer that was rejected or wrong. */
  firstFault: string | null;
  milliseconds: number;
  /** Time on a core of the client itself, in ms. */
  cpuMs: number;
};

/** Runs a load in a thread of its own. */
export function runLoad(load: Load): Promise<Answers> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: load });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

type Shot = { text: string; request: Request };
type Book = { times: number[]; refused: number; wrong: number; firstFault: string | null };

async function run(load: Load): Promise<Answers> {
  const book: Book = { times: [], refused: 0, wrong: 0, firstFault: null };
  const shots = load.requests.map((request) => ({ text: write(request), request }));
  const began = performance.now();
  const end = began + load.milliseconds;
  if (load.perSecond === undefined) await runCallers(load, { shots, book, end });
  else await runArrivals({ ...load, perSecond: load.perSecond }, { shots, book });
  const { user, system } = process.threadCpuUsage();
  return {
    ...book,
    times: Float64Array.from(book.times).sort(),
    milliseconds: performance.now() - began,
    cpuMs: (user + system) / 1_000,
  };
}

async function runCallers(
  { port, connections, pauseMs = 0 }: Load,
  { shots, book, end }: { shots: readonly Shot[]; book: Book; end: number },
): Promise<void> {
  let turn = 0;
  const call = async () => {
    // Not all at once, as people come.
    if (pauseMs > 0) await sleep(Math.random() * pauseMs);
    const connection = openConnection(port);
    while (connection.isOpen() && performance.now() < end) {
      const shot = shots[turn++ % shots.length] as Shot;
      const asked = performance.now();
      note(book, { shot, asked, reply: await ask(connection, shot.text) });
      const pause = (0.5 + Math.random()) * pauseMs;
      if (performance.now() + pause >= end) break;
      if (pause > 0) await sleep(pause);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: connections }, call));
}

async function runArrivals(
  { port, connections, milliseconds, perSecond }: Load & { perSecond: number },
  { shots, book }: { shots: readonly Shot[]; book: Book },
): Promise<void> {
  const all: Connection[] = [];
  const idle: Connection[] = [];
  const open = () => {
    if (all.length === connections) return undefined;
    const connection = openConnection(port);
    all.push(connection);
    return connection;
  };
  const total = Math.round((perSecond * milliseconds) / 1_000);
  const began = performance.now();
  let answered = 0;
  const send = (turn: number) => {
    const shot = shots[turn % shots.length] as Shot;
    // From the moment it was due: a client that comes late must not make the server look fast.
    const asked = began + (turn * 1_000) / perSecond;
    const connection = idle.pop() ?? open();
    const settle = (reply: Reply) => {
      answered += 1;
      if (connection?.isOpen()) idle.push(connection);
      note(book, { shot, asked, reply });
    };
    if (connection) connection.send(shot.text, settle);
    else settle({ status: '', body: 'all connections were busy' });
  };
  for (let sent = 0; answered < total; ) {
    const due = Math.min(total, ((performance.now() - began) * perSecond) / 1_000);
    for (; sent < due; sent += 1) send(sent);
    await sleep(1);
  }
  for (const connection of all) connection.close();
}

const ask = (connection: Connection, text: string) =>
  new Promise<Reply>((resolve) => connection.send(text, resolve));

function note(book: Book, { shot, asked, reply }: { shot: Shot; asked: number; reply: Reply }) {
  const outcome = judgeReply(reply, shot.request);
  if (outcome === 'good') {
    book.times.push(performance.now() - asked);
    return;
  }
  book[outcome] += 1;
  book.firstFault ??= `${reply.status} ${reply.body}`;
}

/** As it goes over the wire. */
function write({ headers, body }: Request): string {
  const lines = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(body)) });
  return [
    'POST /graphql HTTP/1.1',
    'host: localhost',
    ...lines.map((pair) => pair.join(': ')),
    '',
    Buffer.from(body).toString('latin1'),
  ].join('\r\n');
}

if (parentPort) parentPort.postMessage(await run(workerData as Load));
