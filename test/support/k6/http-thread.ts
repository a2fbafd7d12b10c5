import { type MessagePort, workerData } from 'node:worker_threads';

// Asks for http.ts, which waits.

type Order = { url: string; body: string; headers: Record<string, string> };

const { port, signal } = workerData as { port: MessagePort; signal: Int32Array<SharedArrayBuffer> };

port.on('message', async ({ url, body, headers }: Order) => {
  port.postMessage(await ask(url, body, headers));
  Atomics.store(signal, 0, 1);
  Atomics.notify(signal, 0);
});

async function ask(url: string, body: string, headers: Record<string, string>) {
  const began = performance.now();
  try {
    const response = await fetch(url, { method: 'POST', headers, body });
    const text = await response.text();
    return {
      status: response.status,
      body: text,
      headers: Object.fromEntries(
        [...response.headers].map(([name, value]) => [canonise(name), value]),
      ),
      ms: performance.now() - began,
    };
  } catch (error) {
    return { status: 0, body: String(error), headers: {}, ms: performance.now() - began };
  }
}

/** As Go writes names of headers, and so k6: `Server-Timing`. */
function canonise(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
