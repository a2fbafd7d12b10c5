import type { GraphQLResult } from './app.ts';

/** A subscription of a client. */
export type Followed = {
  status: number;
  /** The next result; null after the end of the stream. Throws if none arrives in 10 s. */
  next: () => Promise<GraphQLResult | null>;
  /** All remaining results. */
  rest: () => Promise<GraphQLResult[]>;
  /** Disconnects. */
  leave: () => Promise<void>;
};

const patienceMs = 10_000;

/** Follows a subscription over server-sent events; `url` is the server's origin. */
export async function follow(
  url: string,
  query: string,
  options: {
    token?: string | null;
    variables?: Record<string, unknown>;
    headers?: Record<string, string>;
  } = {},
): Promise<Followed> {
  const leaving = new AbortController();
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    signal: leaving.signal,
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
      ...options.headers,
    },
    body: JSON.stringify({ query, variables: options.variables }),
  });
  const results = readResults(response);
  const next = async () => {
    const { value } = await within(results.next());
    return value ?? null;
  };
  return {
    status: response.status,
    next,
    async rest() {
      const all: GraphQLResult[] = [];
      for (let result = await next(); result; result = await next()) all.push(result);
      return all;
    },
    async leave() {
      leaving.abort();
      await results.next().catch(() => undefined);
    },
  };
}

/** The results of a stream, one for each `next` event, until `complete`. */
async function* readResults(response: Response): AsyncGenerator<GraphQLResult> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      if (event.startsWith('event: complete')) return;
      const data = /^event: next\ndata: (.*)$/s.exec(event)?.[1];
      if (data !== undefined) yield JSON.parse(data) as GraphQLResult;
    }
  }
  throw new Error('the stream was cut off');
}

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no event arrived in time')), patienceMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
