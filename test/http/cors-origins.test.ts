import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { sendRequest, startHttp } from './fixture.ts';

const setting = [
  'https://APP.example.com/',
  'https://*.preview.example.com',
  'http://*.localhost:5173',
  'capacitor://localhost',
  'app://-',
  'chrome-extension://abcdefghijklmnop',
].join(', ');
const { corsOrigins } = loadConfig({ CORS_ORIGINS: setting }).server;

let server: Awaited<ReturnType<typeof startHttp>>;
beforeAll(async () => {
  server = await startHttp({
    server: { corsOrigins, sessionCookies: true },
    createContext: async ({ cookieToken }, request) => ({ caller: cookieToken, request }),
  });
});
afterAll(() => server.close());

const json = { 'content-type': 'application/json' };
const cookie = { cookie: '__Host-tenantry_session=the-token' };

const preflight = (origin: string) =>
  sendRequest(server.port, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST' },
  });

const post = (origin: string, headers = {}) =>
  sendRequest(server.port, {
    headers: { ...json, origin, ...headers },
    body: JSON.stringify({ query: '{ caller }' }),
  });

describe('an origin that the setting lists', () => {
  test.each([
    'https://app.example.com',
    'https://pr-17.preview.example.com',
    'https://a.preview.example.com',
    'https://xn--bro-hoa.preview.example.com',
    'http://acme.localhost:5173',
    'capacitor://localhost',
    'app://-',
    'chrome-extension://abcdefghijklmnop',
  ])('%s may read responses, send a preflight and use the session cookie', async (origin) => {
    for (const reply of [await preflight(origin), await post(origin), await post(origin, cookie)]) {
      expect(reply.status).toBeLessThan(300);
      expect(reply.headers).toMatchObject({
        vary: 'Origin',
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
      });
    }
    expect(JSON.parse((await post(origin, cookie)).body)).toEqual({
      data: { caller: 'the-token' },
    });
  });
});

describe('an origin that only looks like a listed one', () => {
  test.each([
    'https://preview.example.com',
    'https://.preview.example.com',
    'https://a.b.preview.example.com',
    'https://*.preview.example.com',
    'https://PR.preview.example.com',
    'https://-.preview.example.com',
    'https://a-.preview.example.com',
    'https://evil.example/.preview.example.com',
    'https://evil.example#.preview.example.com',
    'https://evil@a.preview.example.com',
    'https://a.preview.example.com.evil.example',
    'https://a.preview.example.com:8443',
    'https://a.preview.example.com/',
    'http://a.preview.example.com',
    'https://xpreview.example.com',
    'http://acme.localhost:5174',
    'http://localhost:5173',
    'https://APP.example.com',
    'https://app.example.com.',
    'https://app.example.com:443',
    'capacitor://localhost/',
    'Capacitor://localhost',
    'ionic://localhost',
    'app://-.evil',
    'chrome-extension://abcdefghijklmnopq',
    'null',
    '*',
  ])('%s gets no CORS headers, and its cookie is rejected', async (origin) => {
    for (const reply of [await preflight(origin), await post(origin)]) {
      const names = Object.keys(reply.headers);
      expect(names.filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(reply.headers.vary).toBe('Origin');
    }
    const { status } = await post(origin, { ...cookie, 'x-tenantry-csrf': '1' });
    expect(status).toBe(403);
  });
});

describe('in development a rejected origin is logged', () => {
  const start = (logsRejectedOrigins = true) =>
    startHttp({ server: { corsOrigins: ['https://a.example'], logsRejectedOrigins } });
  const listHints = (lines: readonly string[]) =>
    lines.map((line) => JSON.parse(line).msg).filter((message) => message.startsWith('CORS'));
  const send = (port: number, origin: string, headers = {}) =>
    sendRequest(port, {
      headers: { ...json, origin, ...headers },
      body: JSON.stringify({ query: '{ hello }' }),
    });

  test('once, with the setting that allows it', async () => {
    await using http = await start();
    await sendRequest(http.port, {
      method: 'OPTIONS',
      headers: { origin: 'http://localhost:5173' },
    });
    await send(http.port, 'http://localhost:5173');
    await send(http.port, 'http://localhost:5173');
    expect(listHints(http.lines)).toEqual([
      'CORS: rejected a page of http://localhost:5173; to allow it set CORS_ORIGINS=https://a.example,http://localhost:5173',
    ]);
    const line = /CORS_ORIGINS=(.*)$/.exec(String(listHints(http.lines)[0]))?.[1];
    expect(loadConfig({ CORS_ORIGINS: String(line) }).server.corsOrigins).toEqual([
      'https://a.example',
      'http://localhost:5173',
    ]);
  });

  test('but not if it is listed, is the server itself, or is not an origin', async () => {
    await using http = await start();
    await send(http.port, 'https://a.example');
    await send(http.port, `http://127.0.0.1:${http.port}`);
    await send(http.port, 'javascript:alert(1)');
    await send(http.port, `https://${'a'.repeat(300)}.example`);
    await send(http.port, 'https://a.example\u00a0forged');
    expect(listHints(http.lines)).toEqual([]);
    await send(http.port, 'null');
    expect(listHints(http.lines)).toEqual([expect.stringContaining('without an origin')]);
  });

  test('for at most twenty origins', async () => {
    await using http = await start();
    for (let index = 0; index < 25; index += 1) await send(http.port, `https://${index}.example`);
    expect(listHints(http.lines)).toHaveLength(20);
  });

  test('but never in production', async () => {
    expect(loadConfig({}).server.logsRejectedOrigins).toBe(true);
    const secret = { TENANTRY_SECRET: 'a secret of more than thirty-two characters' };
    const production = loadConfig({ NODE_ENV: 'production', ...secret }).server;
    expect(production.logsRejectedOrigins).toBe(false);
    await using http = await start(production.logsRejectedOrigins);
    await send(http.port, 'http://localhost:5173');
    expect(listHints(http.lines)).toEqual([]);
  });
});
