import { once } from 'node:events';
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { createSchema } from 'graphql-yoga';
import type { DestinationStream } from 'pino';
import { InvalidInputError, RateLimitedError, UnavailableError } from '../../src/core/app-error.ts';
import type { RequestInfo } from '../../src/core/context.ts';
import type { ClientDisconnect } from '../../src/http/client-disconnect.ts';
import type { ServerContext } from '../../src/http/exchange.ts';
import { createHttpServer, type HttpServerOptions } from '../../src/http/server.ts';
import { createLogger } from '../../src/observability/logger.ts';

/** Context of the resolvers in the test schema, unless a test creates its own. */
export type TestContext = {
  caller: string | null;
  request: RequestInfo;
  /** Added by the server to the result of `createContext`. */
  exchange: ServerContext['exchange'];
};

/** Fires when a `wait` or `slow` field begins, and when `wait` is aborted. */
export const waiting = new EventTarget();

const typeDefs = /* GraphQL */ `
  enum Colour { RED GREEN }
  type Query {
    hello: String!
    echo(text: String!): String!
    paint(colour: Colour): String
    caller: String
    ip: String
    "Throws a message that no caller may read."
    broken: String
    alsoBroken: String!
    "A value its type cannot represent."
    notANumber: Int
    rejected: String
    busy: String
    flooded: String
    limited: String
    "Runs until its caller disconnects."
    wait: String
    slow(ms: Int!): String
    nested: Nested
  }
  type Nested { hello: String wait: String then: String }
  type Mutation { bump: Int! }
  type Subscription { ticks: Int! }
`;

let bumps = 0;

/** A schema without a database. Each field ends in a different way. */
export const testSchema = createSchema<TestContext>({
  typeDefs,
  resolvers: {
    Query: {
      hello: () => 'world',
      echo: (_, { text }: { text: string }) => text,
      paint: (_, { colour }: { colour: string }) => colour,
      caller: (_, __, ctx) => ctx.caller,
      ip: (_, __, ctx) => ctx.request.ip,
      broken: () => failWithSecrets(),
      alsoBroken: () => failWithSecrets(),
      notANumber: () => 'select secret',
      rejected: () => {
        throw new InvalidInputError('The name is too long.', ['input', 'name']);
      },
      busy: () => {
        throw new UnavailableError('Try again in a moment.', 7);
      },
      flooded: () => {
        throw new UnavailableError(undefined, 1, { isOverload: true });
      },
      limited: () => {
        throw new RateLimitedError('Too many tries.', 30);
      },
      wait: (_, __, ctx) => waitForAbort(ctx.exchange.getDisconnect()),
      slow: (_, { ms }: { ms: number }) => {
        waiting.dispatchEvent(new Event('begun'));
        return new Promise((resolve) => setTimeout(resolve, ms, 'done'));
      },
      nested: () => ({ hello: 'world' }),
    },
    Mutation: {
      bump: () => {
        bumps += 1;
        return bumps;
      },
    },
    Subscription: {
      ticks: {
        subscribe: async function* () {
          yield { ticks: 1 };
          yield { ticks: 2 };
        },
      },
    },
  },
});

function failWithSecrets(): never {
  throw new Error('prisma: SELECT password FROM users failed in /srv/app/queries.ts');
}

function waitForAbort(signal: ClientDisconnect): Promise<string> {
  waiting.dispatchEvent(new Event('begun'));
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      waiting.dispatchEvent(new Event('aborted'));
      reject(signal.reason);
    });
  });
}

const serverDefaults: HttpServerOptions['server'] = {
  host: '127.0.0.1',
  port: 0,
  bodyMaxBytes: 102_400,
  requestTimeoutMs: 10_000,
  inFlightMax: 64,
  inFlightQueueMax: 1_024,
  shutdownDelayMs: 0,
  shutdownGraceMs: 2_000,
  corsOrigins: ['https://app.example'],
  logsRejectedOrigins: false,
  trustedProxyHops: 0,
  clientPlaceHeader: undefined,
  sessionCookies: false,
  serverTiming: false,
  hasGetGuard: false,
  graphiql: true,
  introspection: true,
};

export type Overrides = {
  server?: Partial<HttpServerOptions['server']>;
} & Partial<Omit<HttpServerOptions, 'server' | 'log'>>;

/** Starts a server of the test schema that keeps its log in memory and counts its contexts. */
export async function startHttp({ server, ...overrides }: Overrides = {}) {
  const lines: string[] = [];
  const output: DestinationStream = { write: (line) => lines.push(line) };
  const counts = { contexts: 0 };
  const http = createHttpServer({
    schema: testSchema,
    createContext: async ({ authorization }, request) => {
      counts.contexts += 1;
      return { caller: authorization, request } satisfies Partial<TestContext>;
    },
    ...overrides,
    server: { ...serverDefaults, ...server },
    log: createLogger({ level: 'info', format: 'json' }, output),
  });
  const { url, port } = await http.listen();
  return { ...http, url, port, lines, counts, [Symbol.asyncDispose]: http.close };
}

export type Reply = { status: number; headers: IncomingHttpHeaders; body: string };

export type RequestParts = {
  method?: string;
  path?: string;
  headers?: OutgoingHttpHeaders;
  body?: string | Buffer;
};

/** Sends one request exactly as given, over a new connection. */
export async function sendRequest(
  port: number,
  { method = 'POST', path, headers, body }: RequestParts,
) {
  const outgoing = request({
    port,
    host: '127.0.0.1',
    method,
    path: path ?? '/graphql',
    headers: headers ?? {},
    agent: false,
  });
  outgoing.end(body);
  const [incoming] = await once(outgoing, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const reply: Reply = {
    status: incoming.statusCode,
    headers: incoming.headers,
    body: Buffer.concat(chunks).toString(),
  };
  return reply;
}

/** Sends an operation as a JSON POST. */
export async function query(port: number, text: string, headers: OutgoingHttpHeaders = {}) {
  const reply = await sendRequest(port, {
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: text }),
  });
  return { ...reply, json: JSON.parse(reply.body) };
}
