import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type RequestParts, sendRequest, startHttp, waiting } from './fixture.ts';

const json = { 'content-type': 'application/json' };
const post = (query: string, headers = {}): RequestParts => ({
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
  ['the fast path', true],
  ['Yoga alone', false],
])('on %s', (_, hasFastJson) => {
  /** Starts a server for one operation at a time, and an operation that fills it until `release`. */
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

  test('an operation above the limit is rejected with a typed error, and nothing is executed', async () => {
    const { http, release } = await startFull();
    await using _http = http;
    const { contexts } = http.counts;
    const reply = await sendRequest(http.port, hello);
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

  test('a rejected request does not wait for its body', async () => {
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

  test('every kind of operation is rejected alike, but not a preflight or another path', async () => {
    const { http, release } = await startFull();
    await using _http = http;
    const origin = 'https://app.example';
    const operations: RequestParts[] = [
      hello,
      post('{ hello'),
      post('subscription { ticks }', { accept: 'text/event-stream' }),
      post('{ hello }', { accept: 'application/graphql-response+json', origin }),
      { method: 'GET', path: '/graphql?query=%7Bhello%7D' },
      { body: 'x' },
    ];
    const replies = await Promise.all(operations.map((each) => sendRequest(http.port, each)));
    expect(replies.map(({ status }) => status)).toEqual(operations.map(() => 503));
    expect(replies.map(({ body }) => JSON.parse(body))).toEqual(operations.map(() => busy));
    expect(replies[3]?.headers['access-control-allow-origin']).toBe(origin);
    const accepted: [number, RequestParts][] = [
      [200, { method: 'GET', path: '/healthz' }],
      [200, { method: 'GET', path: '/readyz' }],
      [404, { method: 'GET', path: '/nothing' }],
      [204, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } }],
    ];
    for (const [status, each] of accepted)
      expect((await sendRequest(http.port, each)).status).toBe(status);
    release();
  });

  test.each([
    ['a success', '{ hello }', 200],
    ['a failure', '{ alsoBroken }', 200],
    ['an error', '{ busy }', 503],
    ['a syntax error', '{ hello', 200],
    ['a subscription without an event stream', 'subscription { ticks }', 406],
  ])('the slot is free again after %s', async (_what, query, status) => {
    await using http = await startHttp({
      hasFastJson,
      server: { inFlightMax: 1, inFlightQueueMax: 0 },
    });
    const headers = { accept: 'application/json' };
    for (let turn = 0; turn < 3; turn += 1) {
      expect((await sendRequest(http.port, post(query, headers))).status).toBe(status);
      expect(http.loadShedder.stats()).toEqual({ inFlight: 0, waiting: 0, shed: 0 });
    }
  });

  test('the slot is free again once its caller has disconnected', async () => {
    const { http, pending, release } = await startFull();
    await using _http = http;
    release();
    expect(await pending).toBeNull();
    await expect.poll(() => http.loadShedder.stats().inFlight).toBe(0);
    expect((await sendRequest(http.port, hello)).status).toBe(200);
  });

  test('the slot is free again once the deadline of its operation has passed', async () => {
    const { http, pending } = await startFull({ requestTimeoutMs: 150 });
    await using _http = http;
    expect(await pending).toBe(503);
    expect(http.loadShedder.stats().inFlight).toBe(0);
    expect((await sendRequest(http.port, hello)).status).toBe(200);
  });

  test('a caller that sends slowly holds no slot', async () => {
    await using http = await startHttp({
      hasFastJson,
      server: { inFlightMax: 1, inFlightQueueMax: 0 },
    });
    const socket = connect(http.port, '127.0.0.1');
    const received = once(http.node, 'request');
    socket.write('POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n');
    socket.write('content-length: 1000\r\n\r\n{');
    await received;
    expect((await sendRequest(http.port, hello)).status).toBe(200);
    socket.destroy();
  });

  test('a queued operation is executed when its turn comes', async () => {
    await using http = await startHttp({
      hasFastJson,
      server: { inFlightMax: 1, inFlightQueueMax: 10 },
    });
    const replies = await Promise.all(
      Array.from({ length: 11 }, () => sendRequest(http.port, post('{ slow(ms: 1) }'))),
    );
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
    expect(http.loadShedder.stats()).toEqual({ inFlight: 0, waiting: 0, shed: 0 });
  });
});

test('an overload is one log line, no matter how many requests are rejected', async () => {
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
  for (let turn = 0; turn < 5; turn += 1) await sendRequest(http.port, hello);
  expect(http.lines.filter((line) => line.includes('overloaded: shedding'))).toHaveLength(1);
  leaving.abort();
  await pending;
});
