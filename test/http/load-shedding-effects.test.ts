import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { describeApp } from '../support/describe-app.ts';
import { createTeam, type Team } from '../support/people.ts';
import { follow } from '../support/streams.ts';

const app = describeApp({ IN_FLIGHT_MAX: '1', IN_FLIGHT_QUEUE_MAX: '0', METRICS_PORT: '0' });
let team: Team;
beforeAll(async () => {
  team = await createTeam(app);
});

let end: (() => Promise<void>) | null = null;
afterEach(async () => {
  await end?.();
  end = null;
});

const stats = () => app.app.http.loadShedder.stats();
const expectEmpty = () => expect.poll(() => stats().inFlight).toBe(0);
const viewer = '{ viewer { user { id } } }';

async function countLockWaits(): Promise<number | null> {
  const { rowCount } = await app.owner.query(
    `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rowCount;
}

/** Takes the only slot, with a change that waits for a lock. */
async function fill(): Promise<void> {
  await app.owner.query('begin');
  await app.owner.query('select from tenants where id = $1 for update', [team.tenantUuid]);
  const pending = team.owner.ask(
    `mutation { updateTenant(input: { tenantId: "${team.tenantId}", name: "Changed" }) {
      ... on UpdateTenantSuccess { tenant { name } } } }`,
  );
  await expect.poll(() => stats().inFlight).toBe(1);
  await expect.poll(countLockWaits).toBe(1);
  end = async () => {
    await app.owner.query('rollback');
    expect((await pending).data.updateTenant.tenant.name).toBe('Changed');
    await expectEmpty();
  };
}

const scrape = async (name: string) => {
  const text = await (await fetch(app.app.metricsUrl ?? '')).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
};

test('a rejected write has no effect, and its idempotency key can be used again', async () => {
  const input = {
    tenantId: team.tenantId,
    key: 'late',
    name: 'Late',
    permissions: ['members:read'],
    idempotencyKey: randomUUID(),
  };
  const create = () =>
    team.owner.ask(
      `mutation ($input: CreateRoleInput!) { createRole(input: $input) {
        ... on CreateRoleSuccess { role { key } } ... on Error { code } } }`,
      { variables: { input } },
    );
  const countRoles = async () => {
    const { rows } = await app.owner.query<{ count: string }>(
      `select count(*) from roles where tenant_id = $1 and key = 'late'`,
      [team.tenantUuid],
    );
    return Number(rows[0]?.count);
  };
  await fill();
  app.statements.length = 0;
  const rejected = await create();
  expect(rejected.data).toBeUndefined();
  expect(rejected.errors?.[0]?.extensions).toEqual({ code: 'UNAVAILABLE', retryAfterSeconds: 1 });
  expect(app.statements).toEqual([]);
  await end?.();
  end = null;
  expect(await countRoles()).toBe(0);
  expect((await create()).data.createRole.role.key).toBe('late');
  expect(await countRoles()).toBe(1);
});

test('health, readiness and metrics respond while the server is full', async () => {
  await fill();
  expect((await app.ask(viewer)).errors?.[0]?.extensions.code).toBe('UNAVAILABLE');
  for (const path of ['/healthz', '/readyz']) {
    expect((await fetch(`${app.url}${path}`)).status, path).toBe(200);
  }
  expect(await scrape('tenantry_in_flight')).toBe(1);
  expect(await scrape('tenantry_in_flight_max')).toBe(1);
});

test('a rejected request is counted, also as an error', async () => {
  const names = ['tenantry_refused_total', 'tenantry_errors_total{code="UNAVAILABLE"}'];
  const read = () =>
    Promise.all(names.map((name) => scrape(name.replace(/[{}]/g, '\\$&')).then((n) => n || 0)));
  const before = await read();
  await fill();
  for (let turn = 0; turn < 3; turn += 1) await team.owner.ask(viewer);
  const after = await read();
  expect(after.map((count, at) => count - (before[at] ?? 0))).toEqual([3, 3]);
});

test('an open stream holds no slot', async () => {
  const stream = await follow(app.url, 'subscription { viewerEvents { type } }', {
    token: team.owner.token,
  });
  await expectEmpty();
  expect((await team.owner.ask(viewer)).errors).toBeUndefined();
  await stream.leave();
});

test('password hashing holds no slot, so many sign-ins do not block other callers', async () => {
  const { passwords } = app.app.runtime;
  let isOver = false;
  const hashOn = async () => {
    while (!isOver) await passwords.hash('a harbour without any wind');
  };
  await fill();
  const crowd = [hashOn(), hashOn(), hashOn(), hashOn()];
  // The operation in the only slot counts as one that waits for a hash.
  expect(stats().inFlight).toBe(0);
  expect((await team.owner.ask(viewer)).errors).toBeUndefined();
  isOver = true;
  await Promise.all(crowd);
  expect(stats().inFlight).toBe(1);
  expect((await team.owner.ask(viewer)).errors?.[0]?.extensions.code).toBe('UNAVAILABLE');
});
