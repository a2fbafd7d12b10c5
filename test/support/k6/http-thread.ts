import { type MessagePort, workerData } from 'node:worker_threads';

// Sends the requests of http.ts, whose thread waits.

type Request = { url: string; body: string; headers: Record<string, string> };

const { port, signal } = workerData as { port: MessagePort; signal: Int32Array<SharedArrayBuffer> };

port.on('message', async ({ url, body, headers }: Request) => {
  port.postMessage(await send(url, body, headers));
  Atomics.store(signal, 0, 1);
  Atomics.notify(signal, 0);
});

async function send(url: string, body: string, headers: Record<string, string>) {
  const startedAt = performance.now();
  try {
    const response = await fetch(url, { method: 'POST', headers, body });
    const text = await response.text();
    return {
      status: response.status,
      body: text,
      headers: Object.fromEntries(
        [...response.headers].map(([name, value]) => [canonicalize(name), value]),
      ),
      ms: performance.now() - startedAt,
    };
  } catch (error) {
    return { status: 0, body: String(error), headers: {}, ms: performance.now() - startedAt };
  }
}

/** A header name as Go and k6 write it: `Server-Timing`. */
function canonicalize(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
