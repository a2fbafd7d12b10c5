import { setTimeout as sleep } from 'node:timers/promises';
import { createSchema } from 'graphql-yoga';
import { describe, expect, test } from 'vitest';
import { sendRequest, startHttp, type TestContext } from './fixture.ts';

const timeoutMs = 150;
const briefMs = 75;
/** So long that the work never ends before the deadline, even on a busy machine. */
const longMs = 3_000;

/** A schema with slow resolvers, and the events of these resolvers in order. */
function createSlowSchema() {
  const events: string[] = [];
  const resolve = (name: string, ms: number) => async () => {
    events.push(`${name} begun`);
    await sleep(ms);
    events.push(`${name} done`);
    return name;
  };
  const listen = async (_: unknown, __: unknown, ctx: TestContext) => {
    ctx.exchange.getDisconnect().addEventListener('abort', () => events.push('aborted'));
    await sleep(longMs);
    return {};
  };
  const schema = createSchema<TestContext>({
    typeDefs: /* GraphQL */ `
      type Query { quick: String brief: String slow: Slow listening: Slow slowList: [Slow!]! }
      type Slow { slow: String after: Slow quick: String }
      type Mutation { long: String first: String second: String }
      type Subscription { stuck: String late: String }
    `,
    resolvers: {
      Query: {
        quick: resolve('quick', 1),
        brief: resolve('brief', briefMs),
        slow: () => ({}),
        listening: listen,
        slowList: () => [{}, {}],
      },
      Slow: {
        slow: resolve('slow', longMs),
        quick: resolve('quick', 1),
        after: async () => {
          await sleep(timeoutMs * 2);
          return {};
        },
      },
      Mutation: {
        long: resolve('long', longMs),
        first: resolve('first', timeoutMs * 3),
        second: resolve('second', 1),
      },
      Subscription: {
        stuck: { subscribe: resolve('stuck', longMs) as never },
        late: {
          async *subscribe() {
            await sleep(timeoutMs * 3);
            yield { late: 'came' };
          },
        },
      },
    },
  });
  return { schema, events };
}

const json = { 'content-type': 'application/json' };

describe.each([
  ['the fast path', true],
  ['Yoga alone', false],
])('on %s', (_, hasFastJson) => {
  const start = async (requestTimeoutMs = timeoutMs) => {
    const { schema, events } = createSlowSchema();
    const server = await startHttp({ schema, hasFastJson, server: { requestTimeoutMs } });
    return { server, events };
  };

  test.each([
    ['{ slow { slow } }'],
    ['{ quick slowList { slow } }'],
    ['{ slow { after { slow } } }'],
    ['mutation { long second }'],
  ])('%s is UNAVAILABLE once its deadline has passed', async (query) => {
    const { server } = await start();
    await using _server = server;
    const reply = await sendRequest(server.port, {
      headers: json,
      body: JSON.stringify({ query }),
    });
    expect([reply.status, reply.headers['retry-after']]).toEqual([503, '1']);
    const { errors, data } = JSON.parse(reply.body);
    expect(data).toBeUndefined();
    expect(errors).toEqual([
      {
        message: expect.stringContaining('took too long'),
        extensions: { code: 'UNAVAILABLE', retryAfterSeconds: 1 },
      },
    ]);
  });

  test('the deadline includes authentication, and nothing starts after it', async () => {
    const { schema, events } = createSlowSchema();
    const createContext = async () => {
      await sleep(timeoutMs + 10);
      return {};
    };
    const server = { requestTimeoutMs: timeoutMs };
    await using running = await startHttp({ schema, hasFastJson, server, createContext });
    const body = JSON.stringify({ query: 'mutation { second }' });
    const first = await sendRequest(running.port, { headers: json, body });
    const known = await sendRequest(running.port, { headers: json, body });
    expect([first.status, known.status]).toEqual([503, 503]);
    expect(JSON.parse(known.body).errors[0].extensions.code).toBe('UNAVAILABLE');
    const stream = { ...json, accept: 'text/event-stream' };
    const late = await sendRequest(running.port, {
      headers: stream,
      body: JSON.stringify({ query: 'subscription { stuck }' }),
    });
    expect(late.body).toContain('took too long');
    expect(events).toEqual([]);
  });

  test('the deadline counts from the start of an operation, not from its wait in the queue', async () => {
    const { schema } = createSlowSchema();
    // Together they take longer than the deadline, and each takes much less.
    const server = { requestTimeoutMs: briefMs * 14, inFlightMax: 1 };
    await using running = await startHttp({ schema, hasFastJson, server });
    const body = JSON.stringify({ query: '{ brief }' });
    const pending = Array.from({ length: 16 }, () =>
      sendRequest(running.port, { headers: json, body }),
    );
    const statuses = new Set((await Promise.all(pending)).map(({ status }) => status));
    expect(statuses).toEqual(new Set([200]));
  });

  test('no further field is resolved after the deadline', async () => {
    const { server, events } = await start();
    await using _server = server;
    const body = JSON.stringify({ query: 'mutation { first second }' });
    await sendRequest(server.port, { headers: json, body });
    const nested = JSON.stringify({ query: '{ slow { after { quick } } }' });
    await sendRequest(server.port, { headers: json, body: nested });
    await expect.poll(() => events).toContain('first done');
    await sleep(timeoutMs);
    expect(events).toEqual(['first begun', 'first done']);
  });

  test('a stream must start before the deadline, and may then last', async () => {
    const { server } = await start();
    await using _server = server;
    const follow = async (query: string) => {
      const headers = { ...json, accept: 'text/event-stream' };
      return (await sendRequest(server.port, { headers, body: JSON.stringify({ query }) })).body;
    };
    expect(await follow('subscription { stuck }')).toContain('took too long');
    expect(await follow('subscription { late }')).toContain('{"data":{"late":"came"}}');
  });

  test('the abort signal fires at the deadline', async () => {
    const { server, events } = await start();
    await using _server = server;
    const body = JSON.stringify({ query: '{ listening { quick } }' });
    await sendRequest(server.port, { headers: json, body });
    expect(events).toEqual(['aborted']);
  });

  test('no further field is resolved after the caller has disconnected', async () => {
    const { server, events } = await start(longMs);
    await using _server = server;
    const controller = new AbortController();
    const request = fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ query: 'mutation { first second }' }),
      signal: controller.signal,
    });
    await expect.poll(() => events).toEqual(['first begun']);
    controller.abort();
    await expect(request).rejects.toThrow();
    await expect.poll(() => events).toContain('first done');
    await sleep(timeoutMs);
    expect(events).toEqual(['first begun', 'first done']);
  });

  test('an operation that ends in time is not affected, and its timer is cleared', async () => {
    const { server } = await start();
    await using _server = server;
    const body = JSON.stringify({ query: '{ quick }' });
    const { status } = await sendRequest(server.port, { headers: json, body });
    expect(status).toBe(200);
    await sleep(timeoutMs + 20);
    expect(server.lines).toEqual([]);
  });
});
