import { parentPort, Worker, workerData } from 'node:worker_threads';
import { Pool } from 'undici';

export type Request = { headers: Record<string, string>; body: string };

/** A closed loop: so many connections, each asking one thing at a time, the requests in turn. */
export type Load = {
  origin: string;
  requests: readonly Request[];
  connections: number;
  milliseconds: number;
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

async function run({ origin, requests, connections, milliseconds }: Load): Promise<Answers> {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const times: number[] = [];
  let failures = 0;
  let turn = 0;
  const began = performance.now();
  const end = began + milliseconds;
  const loop = async () => {
    for (let now = performance.now(); now < end; ) {
      const { headers, body } = requests[turn++ % requests.length] as Request;
      const answer = await pool.request({ path: '/graphql', method: 'POST', headers, body });
      const text = await answer.body.text();
      const then = performance.now();
      if (text.startsWith('{"data":') && !text.includes('"errors":')) times.push(then - now);
      else failures += 1;
      now = then;
    }
  };
  await Promise.all(Array.from({ length: connections }, loop));
  const passed = performance.now() - began;
  await pool.close();
  return { times: Float64Array.from(times).sort(), failures, milliseconds: passed };
}

if (parentPort) parentPort.postMessage(await run(workerData as Load));
