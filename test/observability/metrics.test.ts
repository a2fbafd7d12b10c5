import { beforeAll, expect, test } from 'vitest';
import { startTestApp } from '../support/app.ts';
import { waitUntil } from '../support/child.ts';
import { describeApp } from '../support/describe-app.ts';
import { codeOf } from '../support/mutate.ts';
import { createPerson, type Person } from '../support/people.ts';

const app = describeApp({ METRICS_PORT: '0' });
let person: Person;
beforeAll(async () => {
  person = await createPerson(app);
});

const metricsUrl = () => app.app.metricsUrl ?? '';

/** Returns all metrics by name and labels. */
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

/** Returns the increase of each metric during `work`. */
async function measureIncrease(names: string[], work: () => Promise<unknown>): Promise<number[]> {
  const before = await scrape();
  await work();
  const after = await scrape();
  return names.map((name) => (after.get(name) ?? 0) - (before.get(name) ?? 0));
}

const countOf = (operation: string) => `tenantry_operation_seconds_count{operation="${operation}"}`;
const errorsOf = (code: string) => `tenantry_errors_total{code="${code}"}`;

test('operations are counted and timed by their root field, not by the name that clients choose', async () => {
  const names = [countOf('query viewer'), countOf('query several')];
  const increases = await measureIncrease(names, async () => {
    await person.ask('query OneName { viewer { user { id } } }');
    await person.ask('query AnotherName { viewer { user { id } } }');
    await person.ask('{ a: viewer { user { id } } b: viewer { user { id } } }');
  });
  expect(increases).toEqual([2, 1]);
  expect([...(await scrape()).keys()].join()).not.toMatch(/OneName|AnotherName/);
});

test('an operation that times out is also timed', async () => {
  const slow = await startTestApp({ METRICS_PORT: '0', REQUEST_TIMEOUT_MS: '200' });
  try {
    await slow.owner.query('begin; lock table users in access exclusive mode');
    const response = await slow.ask(
      'mutation { signIn(input: { email: "a@b.example", password: "of somebody" }) { __typename } }',
    );
    await slow.owner.query('rollback');
    expect(codeOf(response)).toBe('UNAVAILABLE');
    const text = await (await fetch(slow.app.metricsUrl ?? '')).text();
    expect(text).toContain(`${countOf('mutation signIn')} 1`);
  } finally {
    await slow.close();
  }
});

test('hits and misses of the credential cache are counted, as is its missing connection to changes', async () => {
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

test('metrics with alerts are zero before the first event', async () => {
  const metrics = await scrape();
  expect(metrics.get(errorsOf('INTERNAL'))).toBe(0);
  expect(metrics.get('tenantry_mails_total{outcome="given_up"}')).toBe(0);
});

test('errors are counted by code, including those of operations that are rejected before execution', async () => {
  const names = ['GRAPHQL_VALIDATION_FAILED', 'UNAUTHENTICATED', 'NOT_FOUND'].map(errorsOf);
  const increases = await measureIncrease(names, async () => {
    await person.ask('{ nothing }');
    await app.ask('mutation { updateProfile(input: { name: "x" }) { __typename } }');
    // An error in the result, counted even if the operation does not select its code.
    await person.ask(
      `mutation { updateTenant(input: { tenantId: "tenant_${'0'.repeat(32)}", name: "x" }) { __typename } }`,
    );
  });
  expect(increases).toEqual([1, 1, 1]);
});

test('everything with a limited size has a metric', async () => {
  const metrics = await scrape();
  expect(metrics.get('tenantry_pool_connections_max')).toBeGreaterThan(0);
  expect(metrics.get('tenantry_pool_connections')).toBeGreaterThan(0);
  for (const name of ['pool_waiting', 'hashing_running', 'hashing_queued', 'streams']) {
    expect(metrics.get(`tenantry_${name}`), name).toBe(0);
  }
  expect(metrics.has('nodejs_eventloop_lag_p99_seconds')).toBe(true);
});

test('metrics have their own port, and nothing else is served there', async () => {
  expect((await fetch(`${app.url}/metrics`)).status).toBe(404);
  for (const path of ['/', '/graphql', '/healthz']) {
    expect((await fetch(new URL(path, metricsUrl()))).status).toBe(404);
  }
  expect((await fetch(metricsUrl(), { method: 'POST' })).status).toBe(404);
});

test('without the setting there is no metrics server', async () => {
  const other = await startTestApp();
  expect(other.app.metricsUrl).toBeNull();
  await other.close();
});
