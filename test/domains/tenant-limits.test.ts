import { beforeAll, expect, test } from 'vitest';
import { listStatementsOf } from '../support/app.ts';
import { type Ask, createCast } from '../support/cast.ts';
import { openSession } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { countRows, manage, readAuditLog } from '../support/life-cycle.ts';
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

function limit({ tenantId }: Team, limits: object, ask: Ask = admin.ask) {
  return manage(ask, 'updateTenantLimits', { tenantId, ...limits });
}

function createRole({ tenantId, owner }: Team, key: string) {
  return manage(owner.ask, 'createRole', { tenantId, key, name: key, permissions: [] });
}

const customRoles = ({ tenantUuid }: Team) =>
  countRows(app, 'roles where tenant_id = $1 and not is_built_in', tenantUuid);

test('a tenant has only as many custom roles as it is allowed', async () => {
  const team = await createTeam(app);
  await limit(team, { customRoles: 2 });
  expect((await createRole(team, 'one')).code).toBeNull();
  const { value } = await createRole(team, 'two');
  expect((await createRole(team, 'three')).code).toBe('LIMIT_REACHED');
  await manage(team.owner.ask, 'deleteRole', { roleId: value.role.id });
  expect((await createRole(team, 'three')).code).toBeNull();
});

test('of eight roles created at once only as many come to be as there is room for', async () => {
  const team = await createTeam(app);
  await limit(team, { customRoles: 3 });
  const keys = Array.from({ length: 8 }, (_, index) => `role-${index}`);
  const outcomes = await Promise.all(keys.map((key) => createRole(team, key)));
  expect(outcomes.filter(({ code }) => code === 'LIMIT_REACHED')).toHaveLength(5);
  expect(await customRoles(team)).toBe(3);
});

test('the limit of one tenant is not used up by another', async () => {
  const team = await createTeam(app);
  const other = await createTeam(app);
  await limit(team, { customRoles: 1 });
  await createRole(other, 'theirs');
  expect((await createRole(team, 'ours')).code).toBeNull();
});

test('a limit below what is there takes nothing away and lets nothing in', async () => {
  const team = await createTeam(app);
  await createRole(team, 'one');
  await createRole(team, 'two');
  expect((await limit(team, { customRoles: 0 })).code).toBeNull();
  expect(await customRoles(team)).toBe(2);
  expect((await createRole(team, 'three')).code).toBe('LIMIT_REACHED');
});

test('only platform administrators set limits', async () => {
  const { team, as } = await createCast(app);
  for (const [caller, ask] of Object.entries(as)) {
    if (caller === 'platformAdmin') continue;
    const expected = caller === 'anonymous' ? 'UNAUTHENTICATED' : 'FORBIDDEN';
    expect([caller, (await limit(team, { customRoles: 9 }, ask)).code]).toEqual([caller, expected]);
  }
  const { code, value } = await limit(team, { customRoles: 9 }, as.platformAdmin);
  expect([code, value.limits.customRoles]).toEqual([null, 9]);
});

test.each([
  ['members', 0],
  ['apiKeys', -1],
  ['customRoles', 10_000_001],
])('the limit of %s is never %i', async (field, value) => {
  const team = await createTeam(app);
  expect(await limit(team, { [field]: value })).toMatchObject({
    code: 'BAD_USER_INPUT',
    path: [field],
  });
});

test('changed limits stand in the tenant’s audit log', async () => {
  const team = await createTeam(app);
  await limit(team, { members: 5, customRoles: 50 });
  const auditLog = await readAuditLog(app, team.tenantUuid);
  expect(auditLog.at(-1)).toEqual({
    action: 'tenant.limits_updated',
    actor: admin.userUuid,
    target: team.tenantUuid,
    changes: { members: [100_000, 5] },
  });
});

const usageQuery = `query ($id: ID!) { tenant(id: $id) {
  limits { members apiKeys customRoles } usage { members customRoles sessions } } }`;

test('members read what their tenant is allowed and uses, in one statement each; strangers nothing', async () => {
  const team = await createTeam(app);
  const member = await createMember(app, team, 'viewer');
  await openSession(app, team.owner, team.slug);
  await createRole(team, 'own');
  let answer: unknown;
  const statements = await listStatementsOf(app, async () => {
    answer = await member.ask(usageQuery, { variables: { id: team.tenantId } });
  });
  expect(answer).toEqual({
    data: {
      tenant: {
        limits: { members: 100_000, apiKeys: 100, customRoles: 50 },
        usage: { members: 2, customRoles: 1, sessions: 1 },
      },
    },
  });
  // The session check, the access, and two in their scope: limits and usage.
  expect(statements.filter((text) => !text.includes('enter_scope'))).toHaveLength(4);
  const stranger = (await createTeam(app)).owner;
  const { data } = await stranger.ask(usageQuery, { variables: { id: team.tenantId } });
  expect(data.tenant).toBeNull();
});

test('a list of tenants with their usage costs a platform administrator no statement per tenant', async () => {
  for (let made = 0; made < 3; made += 1) await createTeam(app);
  const statements = await listStatementsOf(app, () =>
    admin.ask(`{ tenants(first: 3) { edges { node { settings { defaultRoleKey }
      limits { members } usage { members } } } } }`),
  );
  // The session check, the page, the access, settings with limits, and usage.
  expect(statements.filter((text) => !text.includes('enter_scope'))).toHaveLength(5);
});
