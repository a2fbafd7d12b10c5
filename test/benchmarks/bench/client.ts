import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { Pool } from 'undici';

export type Request = { headers: Record<string, string>; body: string };

/** A closed loop: so many callers, each asking one thing at a time, the requests in turn. */
export type Load = {
  origin: string;
  requests: readonly Request[];
  connections: number;
  milliseconds: number;
  /** How long a caller looks at its answer before it asks again, on average; not at all if not given. */
  pauseMs?: number;
};

/** How long each answer took, in ms, and how many were no success; a refusal in GraphQL's own form is none. */
export type Answers = { times: Float64Array; failures: number; milliseconds: number };

/** Runs a load in a thread of its own. */
export function runLoad(load: Load): Promise<Answers> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: load });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

async function run({
  origin,
  requests,
  connections,
  milliseconds,
  pauseMs = 0,
}: Load): Promise<Answers> {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const times: number[] = [];
  let failures = 0;
  let turn = 0;
  const began = performance.now();
  const end = began + milliseconds;
  const loop = async () => {
    // Not all at once, as people come.
    if (pauseMs > 0) await sleep(Math.random() * pauseMs);
    while (performance.now() < end) {
      const { headers, body } = requests[turn++ % requests.length] as Request;
      const asked = performance.now();
      const answer = await pool.request({ path: '/graphql', method: 'POST', headers, body });
      const text = await answer.body.text();
      if (isSuccess(text)) times.push(performance.now() - asked);
      else failures += 1;
      if (pauseMs > 0) await sleep((0.5 + Math.random()) * pauseMs);
    }
  };
  await Promise.all(Array.from({ length: connections }, loop));
  const passed = performance.now() - began;
  await pool.close();
  return { times: Float64Array.from(times).sort(), failures, milliseconds: passed };
}

const isSuccess = (text: string) => text.startsWith('{"data":') && !text.includes('"errors":');

if (parentPort) parentPort.postMessage(await run(workerData as Load));
