import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';

// Stands in for `k6/http`, whose requests block: a thread asks, this one sleeps until it has the answer.

type Params = { headers: Record<string, string>; tags: { operation: string } };
type Reply = { status: number; body: string; headers: Record<string, string>; ms: number };

/** How often each operation was asked. */
export const requests: Record<string, number> = {};

const { port1: port, port2: theirs } = new MessageChannel();
const signal = new Int32Array(new SharedArrayBuffer(4));
const thread = new Worker(new URL('./http-thread.ts', import.meta.url), {
  workerData: { port: theirs, signal },
  transferList: [theirs],
});
thread.unref();

/** Posts, and returns with what k6 calls a response. */
function post(url: string, body: string, { headers, tags }: Params) {
  requests[tags.operation] = (requests[tags.operation] ?? 0) + 1;
  Atomics.store(signal, 0, 0);
  port.postMessage({ url, body, headers });
  Atomics.wait(signal, 0, 0, 30_000);
  const reply = receiveMessageOnPort(port)?.message as Reply | undefined;
  if (!reply) throw new Error(`no answer from ${url}`);
  return { ...reply, error: '', timings: { duration: reply.ms } };
}

export default { post };
