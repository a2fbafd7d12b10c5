import { setTimeout as sleep } from 'node:timers/promises';
import { createSchema } from 'graphql-yoga';
import { describe, expect, test } from 'vitest';
import { ask, startHttp, type TestContext } from './fixture.ts';

const timeoutMs = 150;
const briefMs = 75;
/** So long that nobody can take the deadline for the end of the work, on a busy machine either. */
const longMs = 3_000;

/** What the resolvers below did, in order; one list for each test's schema. */
function createSlowSchema() {
  const events: string[] = [];
  const resolve = (name: string, ms: number) => async () => {
    events.push(`${name} begun`);
    await sleep(ms);
    events.push(`${name} done`);
    return name;
  };
  const hear = async (_: unknown, __: unknown, ctx: TestContext) => {
    ctx.exchange.getDisconnect().addEventListener('abort', () => events.push('heard'));
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
        listening: hear,
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
  ['the fast way', true],
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
  ])('%s is answered as unavailable when its time is up', async (query) => {
    const { server } = await start();
    await using _server = server;
    const reply = await ask(server.port, { headers: json, body: JSON.stringify({ query }) });
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

  test('finding out who asks is part of that time, and nothing is begun where none is left', async () => {
    const { schema, events } = createSlowSchema();
    const createContext = async () => {
      await sleep(timeoutMs + 10);
      return {};
    };
    const server = { requestTimeoutMs: timeoutMs };
    await using running = await startHttp({ schema, hasFastJson, server, createContext });
    const body = JSON.stringify({ query: 'mutation { second }' });
    const first = await ask(running.port, { headers: json, body });
    const known = await ask(running.port, { headers: json, body });
    expect([first.status, known.status]).toEqual([503, 503]);
    expect(JSON.parse(known.body).errors[0].extensions.code).toBe('UNAVAILABLE');
    const stream = { ...json, accept: 'text/event-stream' };
    const late = await ask(running.port, {
      headers: stream,
      body: JSON.stringify({ query: 'subscription { stuck }' }),
    });
    expect(late.body).toContain('took too long');
    expect(events).toEqual([]);
  });

  test('the time begins when an operation has its turn, not while it waits for one', async () => {
    const { schema } = createSlowSchema();
    // One after the other they take longer than the last of them has, and each much less.
    const server = { requestTimeoutMs: briefMs * 14, inFlightMax: 1 };
    await using running = await startHttp({ schema, hasFastJson, server });
    const body = JSON.stringify({ query: '{ brief }' });
    const asked = Array.from({ length: 16 }, () => ask(running.port, { headers: json, body }));
    const statuses = new Set((await Promise.all(asked)).map(({ status }) => status));
    expect(statuses).toEqual(new Set([200]));
  });

  test('no further field is resolved after the deadline', async () => {
    const { server, events } = await start();
    await using _server = server;
    const body = JSON.stringify({ query: 'mutation { first second }' });
    await ask(server.port, { headers: json, body });
    const nested = JSON.stringify({ query: '{ slow { after { quick } } }' });
    await ask(server.port, { headers: json, body: nested });
    await expect.poll(() => events).toContain('first done');
    await sleep(timeoutMs);
    expect(events).toEqual(['first begun', 'first done']);
  });

  test('a stream must begin in time, and may then last', async () => {
    const { server } = await start();
    await using _server = server;
    const follow = async (query: string) => {
      const headers = { ...json, accept: 'text/event-stream' };
      return (await ask(server.port, { headers, body: JSON.stringify({ query }) })).body;
    };
    expect(await follow('subscription { stuck }')).toContain('took too long');
    expect(await follow('subscription { late }')).toContain('{"data":{"late":"came"}}');
  });

  test('who listens to the signal hears of the deadline', async () => {
    const { server, events } = await start();
    await using _server = server;
    const body = JSON.stringify({ query: '{ listening { quick } }' });
    await ask(server.port, { headers: json, body });
    expect(events).toEqual(['heard']);
  });

  test('no further field is resolved after the caller has gone', async () => {
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

  test('what is done in time is not touched, and its timer is gone', async () => {
    const { server } = await start();
    await using _server = server;
    const body = JSON.stringify({ query: '{ quick }' });
    const { status } = await ask(server.port, { headers: json, body });
    expect(status).toBe(200);
    await sleep(timeoutMs + 20);
    expect(server.lines).toEqual([]);
  });
});
