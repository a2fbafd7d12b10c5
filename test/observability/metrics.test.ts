import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { waitUntil } from '../support/child.ts';
import { codeOf } from '../support/mutate.ts';
import { createPerson, type Person } from '../support/people.ts';

let app: TestApp;
let person: Person;
beforeAll(async () => {
  app = await startTestApp({ METRICS_PORT: '0' });
  person = await createPerson(app);
});
afterAll(() => app.close());

const metricsUrl = () => app.app.metricsUrl ?? '';

/** All figures by name and labels. */
async function scrape(): Promise<Map<string, number>> {
  const response = await fetch(metricsUrl());
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=/);
  const lines = (await response.text()).split('\n').filter((line) => /^[a-z]/.test(line));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

/** By how much figures grew. */
async function grow(names: string[], work: () => Promise<unknown>): Promise<number[]> {
  const before = await scrape();
  await work();
  const after = await scrape();
  return names.map((name) => (after.get(name) ?? 0) - (before.get(name) ?? 0));
}

const countOf = (operation: string) => `tenantry_operation_seconds_count{operation="${operation}"}`;
const errorsOf = (code: string) => `tenantry_errors_total{code="${code}"}`;

test('operations are counted and timed by their root field, whatever clients call them', async () => {
  const names = [countOf('query viewer'), countOf('query several')];
  const grown = await grow(names, async () => {
    await person.ask('query OneName { viewer { user { id } } }');
    await person.ask('query AnotherName { viewer { user { id } } }');
    await person.ask('{ a: viewer { user { id } } b: viewer { user { id } } }');
  });
  expect(grown).toEqual([2, 1]);
  expect([...(await scrape()).keys()].join()).not.toMatch(/OneName|AnotherName/);
});

test('an operation that takes too long is timed like the rest', async () => {
  const slow = await startTestApp({ METRICS_PORT: '0', REQUEST_TIMEOUT_MS: '200' });
  try {
    await slow.owner.query('begin; lock table users in access exclusive mode');
    const answer = await slow.ask(
      'mutation { signIn(input: { email: "a@b.example", password: "of somebody" }) { __typename } }',
    );
    await slow.owner.query('rollback');
    expect(codeOf(answer)).toBe('UNAVAILABLE');
    const text = await (await fetch(slow.app.metricsUrl ?? '')).text();
    expect(text).toContain(`${countOf('mutation signIn')} 1`);
  } finally {
    await slow.close();
  }
});

test('what is known of credentials from memory is counted, and whether changes are heard', async () => {
  const remembering = await startTestApp({ METRICS_PORT: '0', CREDENTIAL_CACHE_MS: '5000' });
  const read = async (name: string) => {
    const text = await (await fetch(remembering.app.metricsUrl ?? '')).text();
    return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
  };
  try {
    await waitUntil(async () => (await read('tenantry_changes_unheard')) === 0);
    const { ask: askAsPerson } = await createPerson(remembering);
    for (let time = 0; time < 3; time += 1) await askAsPerson('{ viewer { session { id } } }');
    expect(await read('tenantry_credential_cache_entries')).toBe(1);
    expect(await read('tenantry_credential_cache_misses_total')).toBe(1);
    expect(await read('tenantry_credential_cache_hits_total')).toBe(2);
  } finally {
    await remembering.close();
  }
});

test('what is alerted of is told as none before it has happened', async () => {
  const figures = await scrape();
  expect(figures.get(errorsOf('INTERNAL'))).toBe(0);
  expect(figures.get('tenantry_mails_total{outcome="given_up"}')).toBe(0);
});

test('errors and errors are counted by code, also what is refused before anything runs', async () => {
  const names = ['GRAPHQL_VALIDATION_FAILED', 'UNAUTHENTICATED', 'NOT_FOUND'].map(errorsOf);
  const grown = await grow(names, async () => {
    await person.ask('{ nothing }');
    await app.ask('mutation { updateProfile(input: { name: "x" }) { __typename } }');
    // Refused in its result, and counted although its code is not asked for.
    await person.ask(
      `mutation { updateTenant(input: { tenantId: "tenant_${'0'.repeat(32)}", name: "x" }) { __typename } }`,
    );
  });
  expect(grown).toEqual([1, 1, 1]);
});

test('what can fill up is watched', async () => {
  const figures = await scrape();
  expect(figures.get('tenantry_pool_connections_max')).toBeGreaterThan(0);
  expect(figures.get('tenantry_pool_connections')).toBeGreaterThan(0);
  for (const name of ['pool_waiting', 'hashing_running', 'hashing_queued', 'streams']) {
    expect(figures.get(`tenantry_${name}`), name).toBe(0);
  }
  expect(figures.has('nodejs_eventloop_lag_p99_seconds')).toBe(true);
});

test('figures are not to be had where the API is, and nothing else is where they are', async () => {
  expect((await fetch(`${app.url}/metrics`)).status).toBe(404);
  for (const path of ['/', '/graphql', '/healthz']) {
    expect((await fetch(new URL(path, metricsUrl()))).status).toBe(404);
  }
  expect((await fetch(metricsUrl(), { method: 'POST' })).status).toBe(404);
});

test('without the setting nothing listens', async () => {
  const other = await startTestApp();
  expect(other.app.metricsUrl).toBeNull();
  await other.close();
});
