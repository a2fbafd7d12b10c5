import { randomUUID } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Connection, type Reply as HttpReply, openConnection } from '../connection.ts';

/** What an answer says of the server: done, shed (503), or anything that may not happen. */
export type Outcome = 'accepted' | 'rejected' | 'failed';

/** Requests as they go over the wire, in the order in which they are asked, again and again. */
export type Shots = { port: number; requests: readonly { kind: string; text: string }[] };

/**
 * Closed: so many connections, each asks again once it has its answer. Open: requests arrive by the clock,
 * whether or not others have been responded.
 */
export type Load = { seconds: number } & (
  | { kind: 'closed'; connections: number }
  | { kind: 'open'; perSecond: number }
);

/** An answer: when it was due to be asked (seconds since the start), what came, and after how long. */
export type Reply = { kind: string; at: number; outcome: Outcome; ms: number };

export type LoadResult = {
  replies: Reply[];
  /** Open: arrivals for which there was no connection left. */
  unsent: number;
  /** How late this process itself was with the slowest in a hundred of its turns; part of every latency. */
  lagMs: number;
  /** The first answer that may not happen. */
  fault: string | null;
};

/** Stands in a write where its idempotency key goes. */
export const keyMark = '@'.repeat(36);

/** Kept alive, as a proxy keeps them; an arrival that finds all of them busy is not sent. */
const connectionsOpen = 2_000;

let next = 0;

/** The next of the requests; a write under a key of its own. */
function pick({ requests }: Shots): { kind: string; text: string } {
  const request = requests[next % requests.length];
  if (!request) throw new Error('There is nothing to ask.');
  next += 1;
  const { kind, text } = request;
  return text.includes(keyMark) ? { kind, text: text.replaceAll(keyMark, randomUUID()) } : request;
}

async function runClosed(shots: Shots, load: Load & { kind: 'closed' }): Promise<LoadResult> {
  const result: LoadResult = { replies: [], unsent: 0, lagMs: 0, fault: null };
  const began = performance.now();
  const endsAt = began + load.seconds * 1_000;
  const loop = (connection: Connection) =>
    new Promise<void>((resolve) => {
      const again = () => {
        const asked = performance.now();
        if (asked >= endsAt) {
          connection.close();
          return resolve();
        }
        const { kind, text } = pick(shots);
        connection.send(text, (answer) => {
          note(result, { kind, at: (asked - began) / 1_000, ms: since(asked) }, answer);
          again();
        });
      };
      again();
    });
  const connections = Array.from({ length: load.connections }, () => openConnection(shots.port));
  await Promise.all(connections.map(loop));
  return result;
}

async function runOpen(shots: Shots, load: Load & { kind: 'open' }): Promise<LoadResult> {
  const result: LoadResult = { replies: [], unsent: 0, lagMs: 0, fault: null };
  const all = await openConnections(shots.port, connectionsOpen);
  const idle = [...all];
  const total = Math.round(load.perSecond * load.seconds);
  const began = performance.now();
  let underWay = 0;
  const ask = (asked: number) => {
    const connection = idle.pop();
    if (!connection) {
      result.unsent += 1;
      return;
    }
    underWay += 1;
    const { kind, text } = pick(shots);
    connection.send(text, (answer) => {
      underWay -= 1;
      if (connection.isOpen()) idle.push(connection);
      note(result, { kind, at: (asked - began) / 1_000, ms: since(asked) }, answer);
    });
  };
  for (let sent = 0; sent < total || underWay > 0; ) {
    const due = Math.min(total, ((performance.now() - began) * load.perSecond) / 1_000);
    // From the moment it was due: a client that comes late must not make the server look fast.
    for (; sent < due; sent += 1) ask(began + (sent * 1_000) / load.perSecond);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (const connection of all) connection.close();
  return result;
}

/**
 * A few at a time: what is measured is not how fast connections are made. Each is used once, because the
 * server hangs up on who connects and asks nothing.
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

const since = (asked: number) => performance.now() - asked;

function note(result: LoadResult, reply: Omit<Reply, 'outcome'>, answer: HttpReply): void {
  const outcome = judge(answer);
  result.replies.push({ ...reply, outcome });
  if (outcome === 'failed') result.fault ??= `${answer.status} ${answer.body}`;
}

/** A GraphQL failure has status 200 too; `code` is asked for in every result that can be an error. */
function judge({ status, body }: HttpReply): Outcome {
  if (status === '503') return 'rejected';
  const isGood =
    status === '200' &&
    body.startsWith('{"data":') &&
    !body.includes('"errors":') &&
    !body.includes('"code":');
  return isGood ? 'accepted' : 'failed';
}

let shots: Shots = { port: 0, requests: [] };

process.on('message', async (message: Shots | Load) => {
  if ('port' in message) {
    shots = message;
    return;
  }
  const lag = monitorEventLoopDelay({ resolution: 1 });
  lag.enable();
  const result = await (message.kind === 'open'
    ? runOpen(shots, message)
    : runClosed(shots, message));
  process.send?.({ ...result, lagMs: lag.percentile(99) / 1e6 });
});
