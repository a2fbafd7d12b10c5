import { Agent, request } from 'node:http';

/** How a request ended: what was answered, or why nothing was. */
export type Reply = { status: number; text: string } | { fault: 'CONNECTION' | 'TIMED_OUT' };

/** A client with kept-alive connections that knows one server, or several to choose from. */
export type Client = {
  post: (body: string, token: string) => Promise<Reply>;
  /** How often a request went to the next server, because the first took none or had just left. */
  countSwitches: () => number;
  close: () => void;
};

/** Longer than any deadline of the server, so that whatever runs into it hangs. */
const patienceMs = 15_000;

/**
 * A client of these servers, which takes them in turn. With more than one it does what any balancer does:
 * a connection that was refused, or that broke before a byte of an answer came, is no end of the request.
 * It asks the next server then; all that it sends may be asked twice (reads, and writes with a key).
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
        const mayGoOn = 'fault' in reply && reply.fault === 'CONNECTION' && tries <= urls.length;
        if (!mayGoOn || urls.length === 1) return reply;
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
    const sent = request(url, { method: 'POST', agent, headers, timeout: patienceMs }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', () => resolve({ fault: 'CONNECTION' }));
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
      });
    });
    sent.on('timeout', () => {
      resolve({ fault: 'TIMED_OUT' });
      sent.destroy();
    });
    sent.on('error', () => resolve({ fault: 'CONNECTION' }));
    sent.end(body);
  });
}
