import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PortTakenError } from '../../src/http/port-taken-error.ts';
import { query, sendRequest, startHttp, waiting } from './fixture.ts';

const uuid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;

describe('every response', () => {
  let server: Awaited<ReturnType<typeof startHttp>>;

  beforeAll(async () => {
    server = await startHttp();
  });
  afterAll(() => server.close());

  test.each([
    ['a query', { body: '{"query":"{ hello }"}', headers: { 'content-type': 'application/json' } }],
    ['a query by GET', { method: 'GET', path: '/graphql?query=%7Bhello%7D' }],
    ['an error', { body: 'x' }],
    ['a preflight', { method: 'OPTIONS' }],
    ['the health check', { method: 'GET', path: '/healthz' }],
    ['an unknown path', { method: 'GET', path: '/nope' }],
  ])('to %s carries a request id and the security headers', async (_, request) => {
    const { headers } = await sendRequest(server.port, request);
    expect(headers['x-request-id']).toMatch(uuid);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    if (headers['content-type']) expect(headers['content-type']).toMatch(/; charset=utf-8$/);
  });

  test.each([
    ['trace-1234', 'trace-1234'],
    ['short', uuid],
    ['a'.repeat(65), uuid],
    ['with spaces in it', uuid],
    ["'; drop table users", uuid],
  ])('to the request id %j carries a valid request id', async (given, expected) => {
    const { headers } = await query(server.port, '{ hello }', { 'x-request-id': given });
    expect(headers['x-request-id']).toMatch(expected);
  });

  test('allows listed origins, and no others, to read it', async () => {
    const allowed = await query(server.port, '{ hello }', { origin: 'https://app.example' });
    expect(allowed.headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      vary: 'Origin',
    });
    expect(allowed.headers['access-control-allow-credentials']).toBeUndefined();
    const foreign = [
      'null',
      'https://app.example.evil',
      'https://evil-app.example',
      'https://APP.example',
      'http://app.example',
      'https://app.example:8443',
    ];
    for (const origin of foreign) {
      const { headers } = await query(server.port, '{ hello }', { origin });
      expect(headers['access-control-allow-origin']).toBeUndefined();
      expect(headers.vary).toBe('Origin');
      const preflight = await sendRequest(server.port, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
      expect(preflight.headers['access-control-allow-origin']).toBeUndefined();
      expect(preflight.headers['access-control-allow-methods']).toBeUndefined();
    }
  });

  test('to the health check needs no context', async () => {
    const before = server.counts.contexts;
    const { status, body } = await sendRequest(server.port, { method: 'GET', path: '/healthz' });
    expect([status, body, server.counts.contexts]).toEqual([200, 'ok', before]);
  });

  test('to headers that are too large is a 431 with the reason', async () => {
    const { status, headers, body } = await sendRequest(server.port, {
      method: 'GET',
      headers: { 'x-large': 'a'.repeat(17_000) },
    });
    expect(status).toBe(431);
    expect(headers['x-request-id']).toMatch(uuid);
    expect(body).toContain('too large');
  });

  test('to a request that is not HTTP is a 400', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.end('GARBAGE\r\n\r\n');
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  });
});

test('GraphiQL opens with the examples and fetches nothing from elsewhere', async () => {
  await using server = await startHttp({
    examples: [{ query: '{ hello }' }, { query: 'mutation { bump }', variables: { one: 1 } }],
  });
  const page = { method: 'GET', headers: { accept: 'text/html' } };
  const { status, headers, body } = await sendRequest(server.port, page);
  expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(body).toContain(
    '"defaultTabs":[{"query":"{ hello }","variables":null},{"query":"mutation { bump }","variables":"{\\n  \\"one\\": 1\\n}"}]',
  );
  // Without session cookies, GraphiQL requests none.
  expect(body).not.toContain('additionalHeaders":');
  expect(body.slice(-2_000)).not.toMatch(/https?:/);
  expect(body).not.toMatch(/(unpkg|jsdelivr|cdnjs)\.(com|net)/);
  expect(body).not.toMatch(/<(script|link|img)[^>]+(src|href)="?https?:/);
  const root = await sendRequest(server.port, { ...page, path: '/' });
  expect([root.status, root.headers.location]).toEqual([302, '/graphql']);
});

test('without GraphiQL there is neither its page nor a redirect to it', async () => {
  await using server = await startHttp({ server: { graphiql: false } });
  const headers = { accept: 'text/html' };
  const page = await sendRequest(server.port, { method: 'GET', headers });
  expect([page.status, JSON.parse(page.body).errors[0].extensions.code]).toEqual([
    406,
    'BAD_REQUEST',
  ]);
  expect((await sendRequest(server.port, { method: 'GET', path: '/', headers })).status).toBe(404);
});

test.each([
  [0, '203.0.113.9', '127.0.0.1'],
  [1, '203.0.113.9', '203.0.113.9'],
  [1, '6.6.6.6, 203.0.113.9', '203.0.113.9'],
  [2, '6.6.6.6, 203.0.113.9, 10.0.0.1', '203.0.113.9'],
  [2, '203.0.113.9', '203.0.113.9'],
  [1, '[2001:db8::1]:443', '2001:db8::1'],
  [1, '::ffff:203.0.113.9', '203.0.113.9'],
  [1, '203.0.113.9:5555', '203.0.113.9'],
  [1, 'unknown', '127.0.0.1'],
  [1, undefined, '127.0.0.1'],
])(
  'behind %i proxies, x-forwarded-for "%s" gives the address %s',
  async (trustedProxyHops, forwarded, ip) => {
    await using server = await startHttp({ server: { trustedProxyHops } });
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
    expect((await query(server.port, '{ ip }', headers)).json.data.ip).toBe(ip);
  },
);

test.each([
  ['headers', 'POST /graphql HTTP/1.1\r\nhost: x\r\n'],
  [
    'a body',
    'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{',
  ],
])('a caller that sends %s too slowly gets a 408', async (_, text) => {
  await using server = await startHttp({ server: { requestTimeoutMs: 200 } });
  const socket = connect(server.port, '127.0.0.1');
  socket.write(text);
  const response = await readAll(socket);
  expect(response).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  expect(response).toContain('x-request-id: ');
  expect(server.lines).toEqual([]);
});

test('a port in use is reported in one line', async () => {
  await using server = await startHttp();
  const second = startHttp({ server: { port: server.port } });
  await expect(second).rejects.toThrow(PortTakenError);
  await expect(second).rejects.toThrow(/^Port \d+ on 127\.0\.0\.1 is taken [^\n]+$/);
});

test('an announced shutdown sets /readyz to 503, and the server responds until the port closes', async () => {
  await using server = await startHttp();
  const ready = async () => (await fetch(`http://127.0.0.1:${server.port}/readyz`)).status;
  expect(await ready()).toBe(200);
  await server.announceShutdown();
  expect(await ready()).toBe(503);
  const { json, headers } = await query(server.port, '{ hello }', { connection: 'keep-alive' });
  expect(json.data.hello).toBe('world');
  // So that keep-alive connections move to another server as well.
  expect(headers.connection).toBe('close');
  await server.close();
  await expect(ready()).rejects.toThrow();
});

test('close lets operations in flight finish and accepts no new ones', async () => {
  const server = await startHttp();
  const begun = once(waiting, 'begun');
  const slow = query(server.port, '{ slow(ms: 200) }', { connection: 'keep-alive' });
  await begun;
  const closed = server.close();
  await expect(query(server.port, '{ hello }')).rejects.toThrow(/ECONNREFUSED|ECONNRESET/);
  const { json, headers } = await slow;
  expect(json.data.slow).toBe('done');
  expect(headers.connection).toBe('close');
  await closed;
});

test('close aborts operations that outlast the grace period', async () => {
  const server = await startHttp({ server: { shutdownGraceMs: 100 } });
  const begun = once(waiting, 'begun');
  const slow = query(server.port, '{ slow(ms: 600000) }');
  const cut = expect(slow).rejects.toThrow();
  await begun;
  await server.close();
  await cut;
});

test('close ends at once if nothing is in flight, and can be called twice', async () => {
  // The test would time out if close waited for the grace period.
  const server = await startHttp({ server: { shutdownGraceMs: 600_000 } });
  const idle = connect(server.port, '127.0.0.1');
  await once(idle, 'connect');
  await server.close();
  await server.close();
  expect(server.node.listening).toBe(false);
});

async function readAll(socket: ReturnType<typeof connect>): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}
