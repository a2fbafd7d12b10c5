import type { OutgoingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sendRequest, startHttp } from './fixture.ts';

const listed = 'https://app.example';
let contexts = 0;

/** Starts a server whose `caller` is the token of the cookie, or else the Authorization header. */
const start = (hasFastJson: boolean, sessionCookies = true) =>
  startHttp({
    hasFastJson,
    server: { sessionCookies, corsOrigins: [listed] },
    createContext: async ({ authorization, cookieToken }, request) => {
      contexts += 1;
      return { caller: cookieToken ?? authorization, request };
    },
  });

let servers: Record<'fast' | 'yoga' | 'off', Awaited<ReturnType<typeof start>>>;
beforeAll(async () => {
  servers = { fast: await start(true), yoga: await start(false), off: await start(true, false) };
});
afterAll(() => Promise.all(Object.values(servers).map((server) => server.close())));

const cookie = { cookie: 'theme=dark; __Host-tenantry_session=the-token; lang=de' };
const csrf = { 'x-tenantry-csrf': '1' };
const site = (value: string) => ({ 'sec-fetch-site': value });

/** `OWN` in an origin stands for the server's own host and port. */
function post(server: { port: number }, headers: OutgoingHttpHeaders, query = '{ caller }') {
  return sendRequest(server.port, {
    headers: { 'content-type': 'application/json', ...fillIn(server, headers) },
    body: JSON.stringify({ query }),
  });
}

function get(server: { port: number }, headers: OutgoingHttpHeaders, query = '{ caller }') {
  const path = `/graphql?query=${encodeURIComponent(query)}`;
  return sendRequest(server.port, { method: 'GET', path, headers: fillIn(server, headers) });
}

function fillIn({ port }: { port: number }, headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const { origin } = headers;
  if (typeof origin !== 'string') return headers;
  return { ...headers, origin: origin.replace('OWN', `127.0.0.1:${port}`) };
}

/** Neither listed nor the server's own. */
const foreignOrigins = [
  'null',
  '',
  'https://app.example.evil',
  'https://evil-app.example',
  'https://sub.app.example',
  'https://APP.example',
  'http://app.example',
  'https://app.example:8443',
  'https://app.example/',
  'https://app.example,https://evil.example',
  'http://127.0.0.1',
  'http://127.0.0.1:1',
  'http://OWN.evil',
  'http://user@OWN',
  'ftp://OWN',
  'OWN',
];

describe.each(['fast', 'yoga'] as const)('with the cookie, engine %s', (engine) => {
  test.each<[status: number, headers: OutgoingHttpHeaders]>([
    [403, {}],
    [200, csrf],
    [200, { 'x-tenantry-csrf': '' }],
    [200, { 'graphql-require-preflight': 'yes' }],
    [200, { 'x-tenantry-session': 'cookie' }],
    [200, { origin: 'http://OWN' }],
    [200, { origin: 'https://OWN' }],
    [200, { origin: listed }],
    [200, site('same-origin')],
    [403, site('none')],
    [200, { ...site('none'), ...csrf }],
    [200, { ...site('same-site'), origin: listed }],
    [200, { ...site('cross-site'), origin: listed }],
    [403, { ...site('same-site'), ...csrf }],
    [403, { ...site('same-site'), ...csrf, origin: 'https://other.app.example' }],
    [403, { ...site('cross-site'), ...csrf }],
    [403, { ...site('cross-site'), ...csrf, origin: 'https://evil.example' }],
    [403, { ...site('unheard-of'), ...csrf }],
    [403, { ...site('Same-Origin'), ...csrf }],
    [403, { host: 'api.example', origin: 'http://api.example', ...csrf }],
    [200, { host: 'api.example', origin: 'https://api.example' }],
    [200, { host: 'localhost:4000', origin: 'http://localhost:4000' }],
    [403, { host: 'localhost:4000', origin: 'http://localhost:3000', ...csrf }],
    [403, { host: 'localhost.evil:4000', origin: 'http://localhost.evil:4000', ...csrf }],
  ])('a POST returns %i: %j', async (status, headers) => {
    const before = contexts;
    const reply = await post(servers[engine], { ...cookie, ...headers });
    expect(reply.status).toBe(status);
    expect(contexts - before).toBe(status === 200 ? 1 : 0);
    if (status === 200) expect(reply.body).toBe('{"data":{"caller":"the-token"}}');
  });

  test.each(foreignOrigins)('a request from the origin %j is not executed', async (origin) => {
    const before = contexts;
    for (const proof of [{}, csrf, site('cross-site'), site('same-site')]) {
      const rejected = [
        await post(servers[engine], { ...cookie, ...proof, origin }),
        await get(servers[engine], { ...cookie, ...proof, origin }),
      ];
      for (const { status, body, headers } of rejected) {
        expect([status, JSON.parse(body).errors[0].extensions.code]).toEqual([403, 'BAD_REQUEST']);
        expect(headers['access-control-allow-origin']).toBeUndefined();
      }
    }
    expect(contexts).toBe(before);
  });

  test.each<[status: number, headers: OutgoingHttpHeaders]>([
    [200, {}],
    [200, site('none')],
    [200, site('same-origin')],
    [200, { origin: listed }],
    [200, { ...site('cross-site'), origin: listed }],
    [403, site('same-site')],
    [403, site('cross-site')],
    [403, { ...site('cross-site'), 'sec-fetch-mode': 'navigate' }],
    [403, { ...site('cross-site'), ...csrf }],
  ])('a GET returns %i: %j', async (status, headers) => {
    const before = contexts;
    const reply = await get(servers[engine], { ...cookie, ...headers });
    expect(reply.status).toBe(status);
    expect(contexts - before).toBe(status === 200 ? 1 : 0);
  });

  test('a GET does not run a mutation', async () => {
    const { status } = await get(servers[engine], { ...cookie, ...csrf }, 'mutation { bump }');
    expect(status).toBe(405);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])(
    'a body of %s, which needs no preflight, is rejected',
    async (type) => {
      const { status } = await post(servers[engine], { ...cookie, ...csrf, 'content-type': type });
      expect(status).toBe(415);
    },
  );

  test('a link from another site opens GraphiQL', async () => {
    const { status, headers } = await sendRequest(servers[engine].port, {
      method: 'GET',
      headers: { ...cookie, ...site('cross-site'), accept: 'text/html' },
    });
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  });

  test('a request that does not use the cookie is not checked', async () => {
    const foreign = { ...site('cross-site'), origin: 'https://evil.example' };
    const bearer = { authorization: 'Bearer b' };
    for (const headers of [
      foreign,
      { ...foreign, ...bearer },
      { ...foreign, ...bearer, ...cookie },
    ]) {
      const caller = 'authorization' in headers ? '"Bearer b"' : 'null';
      for (const reply of [
        await post(servers[engine], headers),
        await get(servers[engine], headers),
      ]) {
        expect([reply.status, reply.body]).toEqual([200, `{"data":{"caller":${caller}}}`]);
      }
    }
  });
});

describe('a cookie header', () => {
  test.each<[caller: string | null, cookie: string]>([
    ['t', '__Host-tenantry_session=t'],
    ['t', 'a=b;__Host-tenantry_session=t;c=d'],
    ['t', '  __Host-tenantry_session=t  '],
    [null, '__Host-tenantry_session='],
    [null, '__Host-tenantry_session'],
    [null, '__host-tenantry_session=t'],
    [null, 'tenantry_session=t'],
    [null, '__Host-tenantry_session2=t'],
    [null, 'x__Host-tenantry_session=t'],
    [null, 'a=__Host-tenantry_session=t'],
  ])('contains the token %j: %s', async (caller, header) => {
    const { body } = await post(servers.fast, { ...csrf, cookie: header });
    expect(JSON.parse(body)).toEqual({ data: { caller } });
  });
});

describe('requesting a cookie', () => {
  test.each(['Cookie', 'cookies', 'true', ''])('is rejected with the value %j', async (value) => {
    const { status } = await post(servers.fast, { 'x-tenantry-session': value });
    expect(status).toBe(400);
  });

  test('is rejected for other sites', async () => {
    const wantsCookie = { 'x-tenantry-session': 'cookie' };
    for (const headers of [site('cross-site'), { origin: 'https://evil.example' }]) {
      expect((await post(servers.fast, { ...wantsCookie, ...headers })).status).toBe(403);
    }
  });

  test('is rejected if cookies are disabled, and cookies are then ignored', async () => {
    const response = await post(servers.off, { 'x-tenantry-session': 'cookie' });
    expect(response.status).toBe(400);
    const { status, body } = await post(servers.off, { ...cookie, ...site('cross-site') });
    expect([status, body]).toEqual([200, '{"data":{"caller":null}}']);
  });
});

describe('CORS', () => {
  const preflight = (server: { port: number }, origin: string) =>
    sendRequest(server.port, {
      method: 'OPTIONS',
      headers: fillIn(server, { origin, 'access-control-request-method': 'POST' }),
    });

  test('lets listed origins send the cookie and the CSRF headers', async () => {
    const { headers } = await preflight(servers.fast, listed);
    expect(headers).toMatchObject({
      'access-control-allow-origin': listed,
      'access-control-allow-credentials': 'true',
      vary: 'Origin',
    });
    const allowed = String(headers['access-control-allow-headers']).split(', ');
    for (const name of ['x-tenantry-session', 'x-tenantry-csrf', 'graphql-require-preflight']) {
      expect(allowed).toContain(name);
    }
    for (const reply of [
      await post(servers.fast, { ...cookie, origin: listed }),
      await get(servers.fast, { ...cookie, origin: listed }),
    ]) {
      expect(reply.headers).toMatchObject({
        'access-control-allow-origin': listed,
        'access-control-allow-credentials': 'true',
        vary: 'Origin',
      });
    }
  });

  test.each(foreignOrigins)('sends no CORS headers to the origin %j', async (origin) => {
    for (const reply of [
      await preflight(servers.fast, origin),
      await post(servers.fast, { origin }),
      await get(servers.fast, { origin }),
    ]) {
      const names = Object.keys(reply.headers);
      expect(names.filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(reply.headers.vary).toBe('Origin');
    }
  });

  test('allows no credentials if cookies are disabled', async () => {
    for (const { headers } of [
      await preflight(servers.off, listed),
      await post(servers.off, { origin: listed }),
    ]) {
      expect(headers['access-control-allow-origin']).toBe(listed);
      expect(headers['access-control-allow-credentials']).toBeUndefined();
    }
  });
});
