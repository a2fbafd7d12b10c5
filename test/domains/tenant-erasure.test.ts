import { beforeAll, beforeEach, expect, test } from 'vitest';
import { deleteDueTenants } from '../../src/domains/tenants/service/erase.ts';
import { createCast } from '../support/cast.ts';
import { openSession } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import {
  countRows,
  deletionOf,
  findChainViolation,
  makeDue,
  manage,
  readAuditLog,
} from '../support/life-cycle.ts';
import {
  createMember,
  createPlatformAdmin,
  createTeam,
  type Person,
  type Team,
} from '../support/people.ts';

const app = describeApp();
let admin: Person;
beforeAll(async () => {
  admin = await createPlatformAdmin(app);
});
// What an earlier test has left due is none of the next one's business.
beforeEach(() => manage(admin.ask, 'cleanupExpiredData'));

async function createDue(members = 0): Promise<Team> {
  const team = await createTeam(app);
  for (let made = 0; made < members; made += 1) await createMember(app, team, 'member');
  await openSession(app, team.owner, team.slug);
  await manage(team.owner.ask, 'deleteTenant', deletionOf(team));
  await makeDue(app, team);
  return team;
}

const tenantTables = ['roles', 'user_tenants', 'membership_roles', 'sessions'];

test('a tenant that is due is erased with all that belonged to it, and its people stay', async () => {
  const team = await createDue(3);
  expect(await manage(admin.ask, 'cleanupExpiredData')).toMatchObject({
    value: { tenants: 1, isComplete: true },
  });
  for (const table of tenantTables) {
    expect([table, await countRows(app, `${table} where tenant_id = $1`, team.tenantUuid)]).toEqual(
      [table, 0],
    );
  }
  expect(await countRows(app, 'tenants where id = $1', team.tenantUuid)).toBe(0);
  const { data } = await team.owner.ask('{ viewer { memberships { edges { node { id } } } } }');
  expect(data.viewer.memberships.edges).toEqual([]);
});

test('the audit log of an erased tenant survives it, unbroken, with its erasure as the last word', async () => {
  const team = await createDue();
  await manage(admin.ask, 'cleanupExpiredData');
  const auditLog = await readAuditLog(app, team.tenantUuid);
  expect(auditLog.map(({ action }) => action)).toEqual([
    'tenant.created',
    'session.opened',
    'tenant.deletion_scheduled',
    'tenant.erased',
  ]);
  expect(auditLog.at(-1)).toMatchObject({
    actor: null,
    target: team.tenantUuid,
    changes: { slug: [team.slug, null] },
  });
  expect(await findChainViolation(app, team.tenantUuid)).toBeNull();
});

test('a tenant that is not due yet, restored or active is never erased', async () => {
  const waiting = await createTeam(app);
  await manage(waiting.owner.ask, 'deleteTenant', deletionOf(waiting));
  const restored = await createTeam(app);
  await manage(restored.owner.ask, 'deleteTenant', deletionOf(restored));
  await manage(restored.owner.ask, 'restoreTenant', { tenantId: restored.tenantId });
  const active = await createTeam(app);
  const cleanup = await manage(admin.ask, 'cleanupExpiredData');
  expect(cleanup.value.tenants).toBe(0);
  for (const { tenantUuid } of [waiting, restored, active]) {
    expect(await countRows(app, 'user_tenants where tenant_id = $1', tenantUuid)).toBe(1);
  }
});

test('erasing goes in steps that can be stopped anywhere and go on later', async () => {
  const team = await createDue(4);
  const members = () => countRows(app, 'user_tenants where tenant_id = $1', team.tenantUuid);
  const bounds = { rowsPerStepMax: 2, stepsMax: 1 };
  expect(await deleteDueTenants(app.app.db, bounds)).toEqual({ count: 0, isComplete: false });
  expect(await members()).toBe(3);
  await deleteDueTenants(app.app.db, bounds);
  expect(await members()).toBe(1);
  expect(await deleteDueTenants(app.app.db, { ...bounds, stepsMax: 9 })).toEqual({
    count: 1,
    isComplete: true,
  });
});

test('two jobs at once erase each tenant once', async () => {
  const teams = [await createDue(2), await createDue(2), await createDue(2)];
  const bounds = { rowsPerStepMax: 1, stepsMax: 50 };
  const counts = await Promise.all([
    deleteDueTenants(app.app.db, bounds),
    deleteDueTenants(app.app.db, bounds),
  ]);
  expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(teams.length);
  for (const { tenantUuid } of teams) {
    const auditLog = await readAuditLog(app, tenantUuid);
    expect(auditLog.filter(({ action }) => action === 'tenant.erased')).toHaveLength(1);
  }
});

test('the slug of an erased tenant is free, and who takes it sees nothing of the old one', async () => {
  const team = await createDue();
  await manage(admin.ask, 'cleanupExpiredData');
  const { owner } = await createTeam(app);
  const { data } = await owner.ask(
    `mutation ($slug: String!) { createTenant(input: { name: "Next", slug: $slug }) {
      ... on CreateTenantSuccess { tenant { id auditEvents { edges { node { action } } } } } } }`,
    { variables: { slug: team.slug } },
  );
  const { tenant } = data.createTenant;
  expect(tenant.id).not.toBe(team.tenantId);
  expect(tenant.auditEvents.edges).toEqual([{ node: { action: 'tenant.created' } }]);
});

test('nobody but a platform administrator cleans up', async () => {
  const { as } = await createCast(app);
  const due = await createDue();
  for (const [caller, ask] of Object.entries(as)) {
    if (caller === 'platformAdmin') continue;
    const expected = caller === 'anonymous' ? 'UNAUTHENTICATED' : 'FORBIDDEN';
    expect([caller, (await manage(ask, 'cleanupExpiredData')).code]).toEqual([caller, expected]);
  }
  expect(await countRows(app, 'tenants where id = $1', due.tenantUuid)).toBe(1);
});

test('expired sessions are deleted and live ones stay', async () => {
  const { owner } = await createTeam(app);
  const expired = await openSession(app, owner);
  const idle = await openSession(app, owner);
  await app.owner.query(`update sessions set expires_at = now() where id = $1`, [expired.uuid]);
  await app.owner.query(
    `update sessions set last_seen_at = now() - make_interval(secs => idle_timeout_seconds) where id = $1`,
    [idle.uuid],
  );
  const { value } = await manage(admin.ask, 'cleanupExpiredData');
  expect(value.sessions).toBe(2);
  expect(await countRows(app, 'sessions where user_id = $1', owner.userUuid)).toBe(1);
});

test('budgets that limit nobody any more go, and what shuts an account stays whatever its age', async () => {
  await app.owner.query(
    `insert into sign_in_budgets (bucket, failures, consecutive, window_started_at) values
      ('source:192.0.2.1', 5, 5, now() - interval '2 days'),
      ('source:192.0.2.2', 5, 5, now() - interval '1 hour'),
      ('account:old', 1, 99, now() - interval '91 days'),
      ('account:recent', 1, 99, now() - interval '89 days'),
      ('account:shut', 1, 100, now() - interval '900 days')`,
  );
  const { value } = await manage(admin.ask, 'cleanupExpiredData');
  expect(value.signInBudgets).toBe(2);
  const { rows } = await app.owner.query(
    `select bucket from sign_in_budgets where bucket ~ '^(source:192|account:(old|recent|shut)$)'
     order by 1`,
  );
  expect(rows.map(({ bucket }) => bucket)).toEqual([
    'account:recent',
    'account:shut',
    'source:192.0.2.2',
  ]);
});

test('who cleaned up, and what went, stands in that administrator’s audit log', async () => {
  await createDue();
  await manage(admin.ask, 'cleanupExpiredData');
  const auditLog = await readAuditLog(app, admin.userUuid);
  expect(auditLog.at(-1)).toMatchObject({
    action: 'expired_data.deleted',
    actor: admin.userUuid,
    changes: { tenants: [1, 0] },
  });
});
