import { Agent, request } from 'node:http';
import { parentPort, Worker, workerData } from 'node:worker_threads';

/** A closed loop of keep-alive connections that repeatedly post one body. */
export type Load = {
  url: string;
  headers: Record<string, string>;
  body: string;
  connections: number;
  milliseconds: number;
};

/** The results; a response with `errors` counts as failed. */
export type LoadResult = { responses: number; failures: number; perSecond: number };

/** Runs a load in its own thread, so that it does not share the event loop with the server. */
export function runLoad(load: Load): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: load });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** Sends a request and returns the body of the response. */
export function post(load: Load, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(load.url, { method: 'POST', headers: load.headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks).toString()));
    });
    sent.on('error', reject);
    sent.end(load.body);
  });
}

async function run(load: Load): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
  const began = performance.now();
  const end = began + load.milliseconds;
  let responses = 0;
  let failures = 0;
  const loop = async () => {
    while (performance.now() < end) {
      const text = await post(load, agent);
      if (text.startsWith('{"data":') && !text.includes('"errors":')) responses += 1;
      else failures += 1;
    }
  };
  await Promise.all(Array.from({ length: load.connections }, loop));
  agent.destroy();
  return { responses, failures, perSecond: responses / ((performance.now() - began) / 1_000) };
}

if (parentPort) parentPort.postMessage(await run(workerData as Load));
