import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';

// Replaces `k6/http`, whose requests block: another thread sends them while this one waits for the response.

type Params = { headers: Record<string, string>; tags: { operation: string } };
type Reply = { status: number; body: string; headers: Record<string, string>; ms: number };

/** The number of requests by operation. */
export const requests: Record<string, number> = {};

const { port1: port, port2: threadPort } = new MessageChannel();
const signal = new Int32Array(new SharedArrayBuffer(4));
const thread = new Worker(new URL('./http-thread.ts', import.meta.url), {
  workerData: { port: threadPort, signal },
  transferList: [threadPort],
});
thread.unref();

/** Sends a POST request. Returns a response of k6. */
function post(url: string, body: string, { headers, tags }: Params) {
  requests[tags.operation] = (requests[tags.operation] ?? 0) + 1;
  Atomics.store(signal, 0, 0);
  port.postMessage({ url, body, headers });
  Atomics.wait(signal, 0, 0, 30_000);
  const reply = receiveMessageOnPort(port)?.message as Reply | undefined;
  if (!reply) throw new Error(`no response from ${url}`);
  return { ...reply, error: '', timings: { duration: reply.ms } };
}

export default { post };
