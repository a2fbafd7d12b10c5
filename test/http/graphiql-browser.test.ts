import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seedDemo } from '../../src/cli/seed/demo.ts';
import { getDemoAccount } from '../../src/cli/seed/demo-people.ts';
import { loadConfig } from '../../src/config.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { startBrowser } from '../support/browser.ts';
import { createTestDatabase } from '../support/cluster.ts';
import { findTool } from '../support/tools.ts';

// GraphiQL as a user sees it: in a real browser, with nothing typed or pasted.

const chromium = findTool('chromium');
let app: TestApp;
let browser: BrowserContext;
const origins = new Set<string>();

describe.skipIf(chromium === null)('GraphiQL in a browser', () => {
  beforeAll(async () => {
    const database = await createTestDatabase();
    const config = loadConfig({ NODE_ENV: 'test' });
    const log = createLogger({ level: 'silent', format: 'json' });
    await seedDemo(database.ownerUrl, config, { isOnlyWhenEmpty: true, log });
    app = await startTestApp({}, { database, demoAccount: getDemoAccount() });
    browser = await startBrowser(chromium ?? '');
    browser.on('request', (request) => {
      if (/^(http|ws)/.test(request.url())) origins.add(new URL(request.url()).origin);
    });
  });
  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });

  test('signs in with one click, and every tab runs as that user', async () => {
    const page = await openGraphiQL();
    const signedIn = await run(page, 'SignIn');
    expect(signedIn).toMatchObject({ signIn: { token: '', user: { name: 'Ada Lovelace' } } });
    const [cookie] = await browser.cookies(app.url);
    expect(cookie).toMatchObject({ name: '__Host-tenantry_session', httpOnly: true, secure: true });

    expect(await run(page, 'Viewer')).toMatchObject({
      viewer: { user: { email: 'ada@acme.example' } },
    });
    expect(await run(page, 'Members')).toMatchObject({ tenant: { name: 'Acme', memberCount: 6 } });
    for (const _ of ['once', 'again']) {
      const { inviteMembers } = await run(page, 'InviteMembers');
      expect(inviteMembers.results).toMatchObject([
        { invitation: { status: 'PENDING' }, error: null },
      ]);
    }
    expect(await run(page, 'CreateTenant')).toMatchObject({
      createTenant: { tenant: { name: 'Analytical Engines' } },
    });
    expect(await run(page, 'CreateApiKey')).toMatchObject({
      createApiKey: { apiKey: { name: 'Reporting' } },
    });
    expect(await run(page, 'VerifyApiKey')).toEqual({
      verifyApiKey: {
        valid: true,
        tenant: { slug: 'acme' },
        permissions: ['members:read'],
        missing: ['members:update'],
      },
    });
    expect((await run(page, 'Sessions')).viewer.sessions.edges).toContainEqual({
      node: expect.objectContaining({ isCurrent: true }),
    });
    await page.close();
  });

  test('shows in a subscription a change made in a second window', async () => {
    const [page, second] = [await openGraphiQL(), await openGraphiQL()];
    await run(page, 'SignIn');
    await choose(page, 'AuditEvents');
    const [stream] = await Promise.all([
      page.waitForResponse(
        (response) => response.request().postData()?.includes('AuditEvents') ?? false,
      ),
      clickRun(page),
    ]);
    expect([stream.status(), stream.headers()['content-type']]).toEqual([
      200,
      expect.stringContaining('text/event-stream'),
    ]);
    await run(second, 'InviteMembers');
    const shown = page.locator('.result-window');
    await expect.poll(() => shown.innerText()).toContain('invitation.created');
    expect((await shown.innerText()).replaceAll('\u00a0', ' ')).toContain('Ada Lovelace');
    await Promise.all([page.close(), second.close()]);
  });

  test('signs up a new user each time, and the other tabs run as that user', async () => {
    const page = await openGraphiQL();
    const first = await run(page, 'SignUp');
    const { signUp } = await run(page, 'SignUp');
    expect(signUp).toMatchObject({ user: { name: 'Mary' }, tenant: { name: 'Jackson Labs' } });
    expect(signUp.user.email).not.toBe(first.signUp.user.email);
    expect(await run(page, 'Viewer')).toMatchObject({ viewer: { user: signUp.user } });
    expect(await run(page, 'Members')).toMatchObject({
      tenant: { name: 'Jackson Labs', memberCount: 1 },
    });
    await page.close();
  });

  test('signs out, and the next request is anonymous', async () => {
    const page = await openGraphiQL();
    await run(page, 'SignIn');
    expect(await run(page, 'SignOut')).toEqual({ signOut: { ok: true } });
    expect(await browser.cookies(app.url)).toEqual([]);
    expect(await run(page, 'Viewer')).toEqual({ viewer: null });
    await page.close();
  });

  test('sends no request to another host', () => {
    expect([...origins]).toEqual([app.url]);
  });
});

async function openGraphiQL(): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(`${app.url}/graphql`);
  return page;
}

/**
 * Opens a tab and waits until GraphiQL writes its operation into the address. Dispatches the click on the button:
 * GraphiQL re-renders meanwhile, so a mouse may press one button and release another.
 */
async function choose(page: Page, title: string): Promise<void> {
  const tab = page.getByRole('tab').filter({ has: page.getByTitle(title, { exact: true }) });
  if ((await tab.getAttribute('aria-selected')) === 'true') return;
  await tab.getByTitle(title).dispatchEvent('click');
  await page.waitForURL((url) => url.searchParams.get('query')?.includes(` ${title}`) ?? false);
}

const clickRun = (page: Page) =>
  page.getByRole('button', { name: 'Execute query' }).dispatchEvent('click');

/** Opens a tab, runs its operation and returns the data shown. */
// biome-ignore lint/suspicious/noExplicitAny: tests read responses of any shape.
async function run(page: Page, title: string): Promise<any> {
  await choose(page, title);
  const [response] = await Promise.all([
    page.waitForResponse(
      (candidate) => candidate.request().postData()?.includes(` ${title}`) ?? false,
    ),
    clickRun(page),
  ]);
  const { data, errors } = await response.json();
  expect(errors, title).toBeUndefined();
  await page.locator('.result-window').getByText('"data"').waitFor();
  return data;
}
