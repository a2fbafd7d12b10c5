import { Agent, request } from 'node:http';

/** The outcome of a request: the response, or the reason why there is none. */
export type Reply = { status: number; text: string } | { failure: 'CONNECTION' | 'TIMED_OUT' };

/** A client with persistent connections to one or several servers. */
export type Client = {
  post: (body: string, token: string) => Promise<Reply>;
  /** The number of requests that were repeated on the next server. */
  countSwitches: () => number;
  close: () => void;
};

/** Longer than any deadline of the server, so that a request that exceeds it hangs. */
const patienceMs = 15_000;

/**
 * A client that uses these servers in turn. Like a load balancer it repeats a request on the next server if the
 * connection is refused or breaks before the response. All requests of the load are safe to repeat.
 */
export function createClient(urls: readonly string[]): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  let turn = 0;
  let switches = 0;
  return {
    async post(body, token) {
      turn += 1;
      const first = turn;
      for (let tries = 1; ; tries += 1) {
        const url = urls[(first + tries) % urls.length] ?? '';
        const reply = await send(agent, `${url}/graphql`, { body, token });
        const isRetryable =
          'failure' in reply && reply.failure === 'CONNECTION' && tries <= urls.length;
        if (!isRetryable || urls.length === 1) return reply;
        switches += 1;
      }
    },
    countSwitches: () => switches,
    close: () => agent.destroy(),
  };
}

function send(agent: Agent, url: string, { body, token }: { body: string; token: string }) {
  return new Promise<Reply>((resolve) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      authorization: `Bearer ${token}`,
    };
    const sent = request(
      url,
      { method: 'POST', agent, headers, timeout: patienceMs },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', () => resolve({ failure: 'CONNECTION' }));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
        });
      },
    );
    sent.on('timeout', () => {
      resolve({ failure: 'TIMED_OUT' });
      sent.destroy();
    });
    sent.on('error', () => resolve({ failure: 'CONNECTION' }));
    sent.end(body);
  });
}
