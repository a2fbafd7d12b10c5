import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { type Connection, openConnection, type Reply } from '../connection.ts';
import { checkResponse, type Request } from './expect.ts';

/**
 * A closed loop: each connection sends one request at a time, at once or after a pause. With `perSecond` requests arrive
 * at fixed times instead, regardless of earlier responses, and `connections` is the maximum in flight.
 */
export type Load = {
  port: number;
  requests: readonly Request[];
  connections: number;
  milliseconds: number;
  /** The average pause between a response and the current request. */
  pauseMs?: number;
  perSecond?: number;
};

/** The results of a load. */
export type Responses = {
  /** The time of each good response in ms, sorted. */
  times: Float64Array;
  /** Rejected by load shedding or a rate limit. */
  rejected: number;
  wrong: number;
  /** The first response that was rejected or wrong. */
  firstFailure: string | null;
  milliseconds: number;
  /** CPU time of the client in ms. */
  cpuMs: number;
};

/** Runs a load in its own thread. */
export function runLoad(load: Load): Promise<Responses> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: load });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

type EncodedRequest = { text: string; request: Request };
type Tally = { times: number[]; rejected: number; wrong: number; firstFailure: string | null };

async function run(load: Load): Promise<Responses> {
  const tally: Tally = { times: [], rejected: 0, wrong: 0, firstFailure: null };
  const encoded = load.requests.map((request) => ({ text: write(request), request }));
  const began = performance.now();
  const end = began + load.milliseconds;
  if (load.perSecond === undefined) await runCallers(load, { encoded, tally, end });
  else await runArrivals({ ...load, perSecond: load.perSecond }, { encoded, tally });
  const { user, system } = process.threadCpuUsage();
  return {
    ...tally,
    times: Float64Array.from(tally.times).sort(),
    milliseconds: performance.now() - began,
    cpuMs: (user + system) / 1_000,
  };
}

async function runCallers(
  { port, connections, pauseMs = 0 }: Load,
  { encoded, tally, end }: { encoded: readonly EncodedRequest[]; tally: Tally; end: number },
): Promise<void> {
  let turn = 0;
  const call = async () => {
    // Users do not all arrive at the same moment.
    if (pauseMs > 0) await sleep(Math.random() * pauseMs);
    const connection = openConnection(port);
    while (connection.isOpen() && performance.now() < end) {
      const current = encoded[turn++ % encoded.length] as EncodedRequest;
      const sentAt = performance.now();
      record(tally, { current, sentAt, reply: await send(connection, current.text) });
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
  { encoded, tally }: { encoded: readonly EncodedRequest[]; tally: Tally },
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
  let settled = 0;
  const send = (turn: number) => {
    const current = encoded[turn % encoded.length] as EncodedRequest;
    // Measured from the scheduled time, so that a late client does not make the server look fast.
    const sentAt = began + (turn * 1_000) / perSecond;
    const connection = idle.pop() ?? open();
    const settle = (reply: Reply) => {
      settled += 1;
      if (connection?.isOpen()) idle.push(connection);
      record(tally, { current, sentAt, reply });
    };
    if (connection) connection.send(current.text, settle);
    else settle({ status: '', body: 'all connections were busy' });
  };
  for (let sent = 0; settled < total; ) {
    const due = Math.min(total, ((performance.now() - began) * perSecond) / 1_000);
    for (; sent < due; sent += 1) send(sent);
    await sleep(1);
  }
  for (const connection of all) connection.close();
}

const send = (connection: Connection, text: string) =>
  new Promise<Reply>((resolve) => connection.send(text, resolve));

function record(
  tally: Tally,
  { current, sentAt, reply }: { current: EncodedRequest; sentAt: number; reply: Reply },
) {
  const outcome = checkResponse(reply, current.request);
  if (outcome === 'good') {
    tally.times.push(performance.now() - sentAt);
    return;
  }
  tally[outcome] += 1;
  tally.firstFailure ??= `${reply.status} ${reply.body}`;
}

/** The HTTP request as text. */
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
