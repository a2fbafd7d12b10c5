import { request } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getDemoAccount } from '../../src/cli/seed/demo-people.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { post } from '../support/credentials.ts';
import { findToken, readLastMail } from '../support/mail.ts';
import { createPerson } from '../support/people.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({}, { demoAccount: getDemoAccount() });
});
afterAll(() => app.close());

const pages = ['inbox', 'sign-up', 'email-verification', 'password-reset', 'invitation'];
const assets = ['dev.css', 'inbox.js', 'try.js'];

const get = (path: string, at: Pick<TestApp, 'url'> = app) => fetch(`${at.url}/dev/${path}`);

/** Returns the status and the text of a page; unlike this, fetch cannot set the header `host`. */
function getWith(path: string, headers: Record<string, string>): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${app.url}${path}`, { headers }, async (response) => {
      resolve([response.statusCode ?? 0, await readText(response)]);
    });
    outgoing.on('error', reject).end();
  });
}

/** The operations of the forms on a page, as a browser reads them. */
async function listOperations(path: string): Promise<string[]> {
  const html = await (await get(path)).text();
  return Array.from(html.matchAll(/data-operation="([^"]*)"/g), ([, escaped = '']) =>
    escaped.replaceAll('&quot;', '"').replaceAll('&amp;', '&'),
  );
}

describe('the inbox', () => {
  test('shows each mail with subject, recipient, text and link, newest first', async () => {
    const older = await createPerson(app);
    const newer = await createPerson(app);
    const html = await (await get('inbox')).text();
    expect(html.indexOf(newer.email)).toBeGreaterThan(0);
    expect(html.indexOf(newer.email)).toBeLessThan(html.indexOf(older.email));
    expect(html).toContain('<h2>Please confirm your e-mail address</h2>');
    const { token } = await readLastMail(app, newer.email);
    expect(html).toContain(`<a href="http://localhost:0/dev/email-verification#token=${token}">`);
  });

  test('links to a page that verifies the address', async () => {
    const person = await createPerson(app);
    const html = await (await get('inbox')).text();
    const article = html.split('<article').find((part) => part.includes(person.email)) ?? '';
    const href = /href="([^"]+)"/.exec(article)?.[1] ?? '';
    const path = new URL(href).pathname.slice('/dev/'.length);
    const [operation = ''] = await listOperations(path);
    const variables = { input: { token: findToken(href) } };
    const { text } = await post(app, { query: operation, variables });
    expect(JSON.parse(text)).toEqual({ data: { result: { __typename: 'VerifyEmailSuccess' } } });
  });

  test('escapes markup in mails', async () => {
    const { sealer } = app.app.runtime.mail;
    const evil = '<script src="/dev/try.js"></script><img src=x onerror="alert(1)">';
    const sealed = sealer.seal(JSON.stringify({ subject: evil, text: evil, html: evil }));
    await app.owner.query('select enqueue_mail($1, $2, true)', [
      '"><b>@mail.example',
      Buffer.from(sealed),
    ]);
    const html = await (await get('inbox')).text();
    expect(html).toContain('&lt;script src=');
    expect(html).not.toMatch(/<img|onerror="|<b>@/);
    expect(html.match(/<script/g)).toHaveLength(1);
  });

  test('keeps the newest hundred mails, in the database', async () => {
    const sealed = app.app.runtime.mail.sealer.seal('{"subject":"Hello","text":"Text"}');
    for (let round = 0; round < 130; round += 1) {
      await app.owner.query('select enqueue_mail($1, $2, true)', [
        `n-${round}@mail.example`,
        Buffer.from(sealed),
      ]);
    }
    const { rows } = await app.owner.query('select count(*)::int as count from mail_outbox');
    expect(rows).toEqual([{ count: 100 }]);
    const html = await (await get('inbox')).text();
    expect(html.match(/<article/g)).toHaveLength(100);
    expect(html).toContain('n-129@mail.example');
    expect(html).not.toContain('n-29@mail.example');
  });

  test('does not show mails that are to be sent', async () => {
    const sealed = app.app.runtime.mail.sealer.seal('{"subject":"Hello","text":"Text"}');
    await app.owner.query('select enqueue_mail($1, $2, false)', [
      'real@mail.example',
      Buffer.from(sealed),
    ]);
    expect(await (await get('inbox')).text()).not.toContain('real@mail.example');
  });
});

describe('the development pages', () => {
  const all = [...pages, ...assets].map((name) => `/dev/${name}`);

  test('are closed to other host names that resolve to this machine', async () => {
    for (const path of all) {
      for (const host of ['localhost', 'localhost:4000', '127.0.0.1:4000', '[::1]:4000']) {
        expect((await getWith(path, { host }))[0], `${path} at ${host}`).toBe(200);
      }
      for (const host of [
        'evil.example',
        'localhost.evil.example',
        '192.0.2.1',
        '127.0.0.1.evil',
      ]) {
        const [status, text] = await getWith(path, { host });
        expect(status, `${path} at ${host}`).toBe(403);
        expect(text).toContain('a host other than "localhost"');
      }
    }
  });

  test.each([
    ['forwarded', 'for=192.0.2.60;proto=https'],
    ['via', '1.1 proxy.example'],
    ['x-forwarded-for', '192.0.2.60'],
    ['X-Forwarded-Host', 'tenantry.example'],
    ['x-forwarded-proto', 'https'],
    ['x-forwarded-port', '443'],
    ['x-forwarded-server', 'web-1'],
    ['x-forwarded-anything', ''],
    ['x-real-ip', '192.0.2.60'],
    ['true-client-ip', '192.0.2.60'],
    ['x-client-ip', '192.0.2.60'],
    ['x-original-forwarded-for', '192.0.2.60'],
    ['x-envoy-external-address', '192.0.2.60'],
    ['x-amzn-trace-id', 'Root=1-67891233-abcdef012345678912345678'],
    ['cf-connecting-ip', '192.0.2.60'],
    ['cf-ray', '230b030023ae2822-SJC'],
    ['cdn-loop', 'cloudflare'],
    ['fastly-client-ip', '192.0.2.60'],
    ['fly-client-ip', '192.0.2.60'],
  ])('are closed to requests through a proxy, and say so: %s', async (header, value) => {
    await createPerson(app);
    for (const path of all) {
      const [status, text] = await getWith(path, { host: 'localhost', [header]: value });
      expect([path, status]).toEqual([path, 403]);
      expect(text).toContain(`came through a proxy (header "${header.toLowerCase()}")`);
      expect(text).not.toContain('tenantry_verify_');
    }
  });

  test('include GraphiQL with the demo sign-in only for direct requests to localhost', async () => {
    const open = (headers: Record<string, string>) =>
      getWith('/graphql', { accept: 'text/html', host: 'localhost', ...headers });
    expect((await open({}))[1]).toContain('demo-password-for-ada');
    for (const headers of [{ 'x-forwarded-for': '192.0.2.60' }, { host: 'evil.example' }]) {
      const [status, html] = await open(headers);
      expect(status).toBe(200);
      expect(html).toContain('GraphiQL');
      expect(html).not.toContain('demo-password');
      expect(html).not.toContain('x-tenantry-session');
    }
  });

  test('include GraphiQL with a sign-in to fill in if there is no demo', async () => {
    const server = await startTestApp();
    const response = await fetch(`${server.url}/graphql`, { headers: { accept: 'text/html' } });
    const html = await response.text();
    expect(html).toContain('you@example.com');
    expect(html).not.toContain('demo-password');
    await server.close();
  });
});

describe('every development page', () => {
  test.each(pages)('%s loads resources from this server only', async (page) => {
    const response = await get(page);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'");
    expect(policy).not.toContain('unsafe');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const html = await response.text();
    expect(html).not.toMatch(/<script>|<style|style=|\son\w+=/);
    for (const [, path = ''] of html.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
      expect((await fetch(`${app.url}${path}`)).status, path).toBe(200);
    }
  });

  test.each(assets)('%s is served with its media type', async (asset) => {
    const response = await get(asset);
    expect([response.status, response.headers.get('x-content-type-options')]).toEqual([
      200,
      'nosniff',
    ]);
    expect(response.headers.get('content-type')).toMatch(/^text\/(css|javascript); charset=utf-8$/);
  });

  test('sends operations that the schema accepts', async () => {
    const operations = (await Promise.all(pages.map(listOperations))).flat();
    expect(operations.length).toBeGreaterThan(5);
    for (const query of operations) {
      const isPlain = !query.includes('$input');
      const { text } = await post(app, { query, variables: { input: isPlain ? undefined : null } });
      const [error] = JSON.parse(text).errors;
      expect(error.message, query).toMatch(isPlain ? /sign in/ : /must not be null/);
    }
  });

  test.each(['', 'unknown', '../main.ts', 'assets/dev.css', '__proto__', 'constructor'])(
    'that does not exist returns 404: %s',
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );
});

describe('a server', () => {
  const production = {
    NODE_ENV: 'production',
    TENANTRY_SECRET: 'a-good-secret-of-more-than-32-characters',
  };

  test('in production has no development pages', async () => {
    const server = await startTestApp(production);
    for (const path of [...pages, ...assets]) {
      expect((await get(path, server)).status, path).toBe(404);
    }
    await server.close();
  });

  test('without a mail server and without an inbox keeps mails in the outbox', async () => {
    const server = await startTestApp(production);
    await createPerson(server);
    const { rows } = await server.owner.query('select is_for_inbox, attempts from mail_outbox');
    expect(rows).toEqual([{ is_for_inbox: false, attempts: 0 }]);
    await server.close();
  });

  test('that other machines can reach shows no inbox', async () => {
    const server = await startTestApp({ HOST: '0.0.0.0' });
    const at = { url: server.url.replace('0.0.0.0', '127.0.0.1') };
    expect((await get('inbox', at)).status).toBe(404);
    expect((await get('password-reset', at)).status).toBe(200);
    await server.close();
  });
});
