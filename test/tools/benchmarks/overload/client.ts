import { randomUUID } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Connection, type Reply as HttpReply, openConnection } from '../connection.ts';

/** The result of a request: success, shed (503), or anything else. */
export type Outcome = 'accepted' | 'rejected' | 'failed';

/** HTTP requests as text, which are sent in turn. */
export type RequestMix = { port: number; requests: readonly { kind: string; text: string }[] };

/**
 * Closed: each connection sends its next request after a response. Open: requests arrive at fixed times, regardless of
 * earlier responses.
 */
export type Load = { seconds: number } & (
  | { kind: 'closed'; connections: number }
  | { kind: 'open'; perSecond: number }
);

/** A response, with its scheduled time in seconds since the start, and its latency. */
export type Reply = { kind: string; at: number; outcome: Outcome; ms: number };

export type LoadResult = {
  replies: Reply[];
  /** Open: requests for which there was no free connection. */
  unsent: number;
  /** The p99 of this process's event loop delay, which is part of every latency. */
  lagMs: number;
  /** The first failed response. */
  firstFailure: string | null;
};

/** A placeholder for the idempotency key of a write. */
export const keyMark = '@'.repeat(36);

/** Keep-alive connections, like those of a proxy. A request is not sent if all are busy. */
const connectionsOpen = 2_000;

let next = 0;

/** The next request; a write gets a new key. */
function pick({ requests }: RequestMix): { kind: string; text: string } {
  const request = requests[next % requests.length];
  if (!request) throw new Error('no requests');
  next += 1;
  const { kind, text } = request;
  return text.includes(keyMark) ? { kind, text: text.replaceAll(keyMark, randomUUID()) } : request;
}

async function runClosed(mix: RequestMix, load: Load & { kind: 'closed' }): Promise<LoadResult> {
  const result: LoadResult = { replies: [], unsent: 0, lagMs: 0, firstFailure: null };
  const began = performance.now();
  const endsAt = began + load.seconds * 1_000;
  const loop = (connection: Connection) =>
    new Promise<void>((resolve) => {
      const again = () => {
        const sentAt = performance.now();
        if (sentAt >= endsAt) {
          connection.close();
          return resolve();
        }
        const { kind, text } = pick(mix);
        connection.send(text, (response) => {
          record(result, { kind, at: (sentAt - began) / 1_000, ms: since(sentAt) }, response);
          again();
        });
      };
      again();
    });
  const connections = Array.from({ length: load.connections }, () => openConnection(mix.port));
  await Promise.all(connections.map(loop));
  return result;
}

async function runOpen(mix: RequestMix, load: Load & { kind: 'open' }): Promise<LoadResult> {
  const result: LoadResult = { replies: [], unsent: 0, lagMs: 0, firstFailure: null };
  const all = await openConnections(mix.port, connectionsOpen);
  const idle = [...all];
  const total = Math.round(load.perSecond * load.seconds);
  const began = performance.now();
  let underWay = 0;
  const send = (sentAt: number) => {
    const connection = idle.pop();
    if (!connection) {
      result.unsent += 1;
      return;
    }
    underWay += 1;
    const { kind, text } = pick(mix);
    connection.send(text, (response) => {
      underWay -= 1;
      if (connection.isOpen()) idle.push(connection);
      record(result, { kind, at: (sentAt - began) / 1_000, ms: since(sentAt) }, response);
    });
  };
  for (let sent = 0; sent < total || underWay > 0; ) {
    const due = Math.min(total, ((performance.now() - began) * load.perSecond) / 1_000);
    // Measured from the scheduled time, so that a late client does not make the server look fast.
    for (; sent < due; sent += 1) send(began + (sent * 1_000) / load.perSecond);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (const connection of all) connection.close();
  return result;
}

/**
 * Opens connections in batches, since their setup is not measured. Each is used once, because the server closes a new
 * connection that sends nothing.
 */
async function openConnections(port: number, count: number): Promise<Connection[]> {
  const all: Connection[] = [];
  while (all.length < count) {
    const batch = Array.from({ length: 50 }, () => openConnection(port));
    await Promise.all(batch.map(greet));
    all.push(...batch);
  }
  return all;
}

function greet({ send }: Connection): Promise<void> {
  return new Promise((resolve) => {
    send('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n', () => resolve());
  });
}

const since = (sentAt: number) => performance.now() - sentAt;

function record(result: LoadResult, reply: Omit<Reply, 'outcome'>, response: HttpReply): void {
  const outcome = classify(response);
  result.replies.push({ ...reply, outcome });
  if (outcome === 'failed') result.firstFailure ??= `${response.status} ${response.body}`;
}

/** GraphQL errors have status 200; every result that can be an error selects `code`. */
function classify({ status, body }: HttpReply): Outcome {
  if (status === '503') return 'rejected';
  const isGood =
    status === '200' &&
    body.startsWith('{"data":') &&
    !body.includes('"errors":') &&
    !body.includes('"code":');
  return isGood ? 'accepted' : 'failed';
}

let mix: RequestMix = { port: 0, requests: [] };

process.on('message', async (message: RequestMix | Load) => {
  if ('port' in message) {
    mix = message;
    return;
  }
  const lag = monitorEventLoopDelay({ resolution: 1 });
  lag.enable();
  const result = await (message.kind === 'open' ? runOpen(mix, message) : runClosed(mix, message));
  process.send?.({ ...result, lagMs: lag.percentile(99) / 1e6 });
});
