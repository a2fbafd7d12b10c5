import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type Ask, ask, startHttp, waiting } from './fixture.ts';

const json = { 'content-type': 'application/json' };
const post = (query: string, headers = {}): Ask => ({
  headers: { ...json, ...headers },
  body: JSON.stringify({ query }),
});
const hello = post('{ hello }');

const busy = {
  errors: [
    {
      message: 'The service is busy or restarting. Please try again in a moment.',
      extensions: { code: 'UNAVAILABLE', retryAfterSeconds: 1 },
    },
  ],
};

describe.each([
  ['the fast way', true],
  ['Yoga alone', false],
])('on %s', (_, hasFastJson) => {
  /** A server for one operation at once, and one that fills it until `release`. */
  async function startFull(server: { requestTimeoutMs?: number } = {}) {
    const http = await startHttp({
      hasFastJson,
      server: { inFlightMax: 1, inFlightQueueMax: 0, ...server },
    });
    const begun = once(waiting, 'begun');
    const leaving = new AbortController();
    const pending = fetch(`${http.url}/graphql`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ query: '{ wait }' }),
      signal: leaving.signal,
    }).then(
      (response) => response.status,
      () => null,
    );
    await begun;
    return { http, pending, release: () => leaving.abort() };
  }

  test('what there is no room for is refused, typed and in time, and nothing is done', async () => {
    const { http, release } = await startFull();
    await using _http = http;
    const { contexts } = http.counts;
    const reply = await ask(http.port, hello);
    expect([reply.status, reply.headers['retry-after']]).toEqual([503, '1']);
    expect(reply.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.any(String),
    });
    expect(JSON.parse(reply.body)).toEqual(busy);
    expect(http.counts.contexts).toBe(contexts);
    expect(http.loadShedder.stats()).toEqual({ inFlight: 1, waiting: 0, shed: 1 });
    release();
  });

  test('the body of what is refused is not waited for', async () => {
    const { http, release } = await startFull();
    await using _http = http;
    const socket = connect(http.port, '127.0.0.1');
    socket.write('POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n');
    socket.write('content-length: 1000\r\n\r\n{');
    const [chunk] = await once(socket, 'data');
    expect(String(chunk)).toMatch(/^HTTP\/1\.1 503 /);
    socket.destroy();
    release();
  });

  test('every way to ask is refused alike, a preflight and other paths are not', async () => {
    const { http, release } = await startFull();
    await using _http = http;
    const origin = 'https://app.example';
    const asked: Ask[] = [
      hello,
      post('{ hello'),
      post('subscription { ticks }', { accept: 'text/event-stream' }),
      post('{ hello }', { accept: 'application/graphql-response+json', origin }),
      { method: 'GET', path: '/graphql?query=%7Bhello%7D' },
      { body: 'x' },
    ];
    const replies = await Promise.all(asked.map((each) => ask(http.port, each)));
    expect(replies.map(({ status }) => status)).toEqual(asked.map(() => 503));
    expect(replies.map(({ body }) => JSON.parse(body))).toEqual(asked.map(() => busy));
    expect(replies[3]?.headers['access-control-allow-origin']).toBe(origin);
    const free: [number, Ask][] = [
      [200, { method: 'GET', path: '/healthz' }],
      [200, { method: 'GET', path: '/readyz' }],
      [404, { method: 'GET', path: '/nothing' }],
      [204, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } }],
    ];
    for (const [status, each] of free) expect((await ask(http.port, each)).status).toBe(status);
    release();
  });

  test.each([
    ['a success', '{ hello }', 200],
    ['a failure', '{ alsoBroken }', 200],
    ['an error', '{ busy }', 503],
    ['a document that is none', '{ hello', 200],
    ['a subscription that is not asked for as a stream', 'subscription { ticks }', 406],
  ])('the place is free again after %s', async (_what, query, status) => {
    await using http = await startHttp({
      hasFastJson,
      server: { inFlightMax: 1, inFlightQueueMax: 0 },
    });
    const headers = { accept: 'application/json' };
    for (let turn = 0; turn < 3; turn += 1) {
      expect((await ask(http.port, post(query, headers))).status).toBe(status);
      expect(http.loadShedder.stats()).toEqual({ inFlight: 0, waiting: 0, shed: 0 });
    }
  });

  test('the place is free again once its caller has gone', async () => {
    const { http, pending, release } = await startFull();
    await using _http = http;
    release();
    expect(await pending).toBeNull();
    await expect.poll(() => http.loadShedder.stats().inFlight).toBe(0);
    expect((await ask(http.port, hello)).status).toBe(200);
  });

  test('the place is free again when the time of an operation is up', async () => {
    const { http, pending } = await startFull({ requestTimeoutMs: 150 });
    await using _http = http;
    expect(await pending).toBe(503);
    expect(http.loadShedder.stats().inFlight).toBe(0);
    expect((await ask(http.port, hello)).status).toBe(200);
  });

  test('who sends slowly holds no place', async () => {
    await using http = await startHttp({
      hasFastJson,
      server: { inFlightMax: 1, inFlightQueueMax: 0 },
    });
    const socket = connect(http.port, '127.0.0.1');
    const received = once(http.node, 'request');
    socket.write('POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n');
    socket.write('content-length: 1000\r\n\r\n{');
    await received;
    expect((await ask(http.port, hello)).status).toBe(200);
    socket.destroy();
  });

  test('what has to wait is done when its turn comes', async () => {
    await using http = await startHttp({
      hasFastJson,
      server: { inFlightMax: 1, inFlightQueueMax: 10 },
    });
    const replies = await Promise.all(
      Array.from({ length: 11 }, () => ask(http.port, post('{ slow(ms: 1) }'))),
    );
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
    expect(http.loadShedder.stats()).toEqual({ inFlight: 0, waiting: 0, shed: 0 });
  });
});

test('an overload is one line of the log, however many are refused', async () => {
  await using http = await startHttp({ server: { inFlightMax: 1, inFlightQueueMax: 0 } });
  const leaving = new AbortController();
  const begun = once(waiting, 'begun');
  const pending = fetch(`${http.url}/graphql`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ query: '{ wait }' }),
    signal: leaving.signal,
  }).catch(() => null);
  await begun;
  for (let turn = 0; turn < 5; turn += 1) await ask(http.port, hello);
  expect(http.lines.filter((line) => line.includes('overloaded: shedding'))).toHaveLength(1);
  leaving.abort();
  await pending;
});
