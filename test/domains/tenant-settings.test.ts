import { expect, test } from 'vitest';
import { type Ask, createCast } from '../support/cast.ts';
import { isValid, openSession } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { manage, readAuditLog } from '../support/life-cycle.ts';
import { createTeam, type Team } from '../support/people.ts';

const app = describeApp();

function set({ tenantId, owner }: Team, settings: unknown, ask: Ask = owner.ask) {
  return manage(ask, 'updateTenant', { tenantId, settings });
}

async function readSettings({ tenantId, owner }: Team, ask: Ask = owner.ask) {
  const { data, errors } = await ask(
    `query ($id: ID!) { tenant(id: $id) { settings {
      sessionIdleTimeoutSeconds sessionAbsoluteTimeoutSeconds defaultRoleKey allowedEmailDomains } } }`,
    { variables: { id: tenantId } },
  );
  return errors ? errors[0]?.extensions.code : data.tenant?.settings;
}

const untouched = {
  sessionIdleTimeoutSeconds: null,
  sessionAbsoluteTimeoutSeconds: null,
  defaultRoleKey: 'member',
  allowedEmailDomains: [],
};

test('a tenant follows the platform until it sets something, and again once it takes that back', async () => {
  const team = await createTeam(app);
  expect(await readSettings(team)).toEqual(untouched);
  await set(team, { sessionIdleTimeoutSeconds: 600, defaultRoleKey: 'viewer' });
  await set(team, { allowedEmailDomains: ['Example.COM', 'bücher.example', 'example.com'] });
  expect(await readSettings(team)).toEqual({
    ...untouched,
    sessionIdleTimeoutSeconds: 600,
    defaultRoleKey: 'viewer',
    allowedEmailDomains: ['example.com', 'xn--bcher-kva.example'],
  });
  await set(team, {
    sessionIdleTimeoutSeconds: null,
    defaultRoleKey: null,
    allowedEmailDomains: null,
  });
  expect(await readSettings(team)).toEqual(untouched);
});

test.each([
  ['sessionIdleTimeoutSeconds', 86_401],
  ['sessionIdleTimeoutSeconds', 59],
  ['sessionIdleTimeoutSeconds', 600.5],
  ['sessionIdleTimeoutSeconds', '600'],
  ['sessionAbsoluteTimeoutSeconds', 2_592_001],
  ['defaultRoleKey', 'no-such-role'],
  ['defaultRoleKey', 'owner'],
  ['defaultRoleKey', 7],
  ['allowedEmailDomains', 'example.com'],
  ['allowedEmailDomains', ['localhost']],
  ['allowedEmailDomains', ['a@example.com']],
  ['allowedEmailDomains', Array.from({ length: 51 }, (_, index) => `d${index}.example`)],
  ['isAdmin', true],
])('the setting %s takes no %j, and then nothing is changed', async (field, value) => {
  const team = await createTeam(app);
  const { code, path } = await manage(team.owner.ask, 'updateTenant', {
    tenantId: team.tenantId,
    name: 'Unchanged?',
    settings: { [field]: value },
  });
  expect([code, path]).toEqual(['BAD_USER_INPUT', ['settings', field]]);
  expect(await readSettings(team)).toEqual(untouched);
  const { rows } = await app.owner.query('select name from tenants where id = $1', [
    team.tenantUuid,
  ]);
  expect(rows[0].name).not.toBe('Unchanged?');
});

test('sessions bound to a tenant live only as long as it allows, and unbound ones as before', async () => {
  const team = await createTeam(app);
  await set(team, { sessionIdleTimeoutSeconds: 60, sessionAbsoluteTimeoutSeconds: 3_600 });
  const bound = await openSession(app, team.owner, team.slug);
  const unbound = await openSession(app, team.owner);
  const lifetimes = async (id: string) => {
    const { rows } = await app.owner.query(
      `select idle_timeout_seconds as idle, extract(epoch from expires_at - created_at)::int as absolute
       from sessions where id = $1`,
      [id],
    );
    return rows[0];
  };
  expect(await lifetimes(bound.uuid)).toEqual({ idle: 60, absolute: 3_600 });
  expect(await lifetimes(unbound.uuid)).toEqual({ idle: 86_400, absolute: 2_592_000 });
});

test('a lifetime that is tightened ends the open sessions that are past it at once', async () => {
  const team = await createTeam(app);
  const other = await createTeam(app);
  const bound = await openSession(app, team.owner, team.slug);
  const elsewhere = await openSession(app, other.owner, other.slug);
  await app.owner.query(
    `update sessions set created_at = now() - interval '2 hours' where id = any ($1)`,
    [[bound.uuid, elsewhere.uuid]],
  );
  expect(await isValid(bound)).toBe(true);
  await set(team, { sessionAbsoluteTimeoutSeconds: 3_600 });
  expect(await isValid(bound)).toBe(false);
  expect(await isValid(elsewhere)).toBe(true);
});

test('settings need tenant:update, and strangers see none', async () => {
  const { team, as } = await createCast(app);
  const codes: Record<string, string | null> = {};
  for (const [caller, ask] of Object.entries(as)) {
    codes[caller] = (await set(team, { sessionIdleTimeoutSeconds: 600 }, ask)).code;
  }
  expect(codes).toEqual({
    owner: null,
    admin: null,
    member: 'FORBIDDEN',
    viewer: 'FORBIDDEN',
    paused: 'NOT_FOUND',
    stranger: 'NOT_FOUND',
    anonymous: 'UNAUTHENTICATED',
    platformAdmin: null,
  });
  expect(await readSettings(team, as.viewer)).toMatchObject({ sessionIdleTimeoutSeconds: 600 });
  expect(await readSettings(team, as.stranger)).toBeUndefined();
});

test('nobody makes a role the default that gives more than they have', async () => {
  const { team, as } = await createCast(app);
  const role = { tenantId: team.tenantId, key: 'closer', name: 'Closer' };
  await manage(as.owner, 'createRole', { ...role, permissions: ['tenant:delete'] });
  expect((await set(team, { defaultRoleKey: 'closer' }, as.admin)).code).toBe('FORBIDDEN');
  expect((await set(team, { defaultRoleKey: 'closer' }, as.owner)).code).toBeNull();
});

test('the default role cannot be deleted', async () => {
  const team = await createTeam(app);
  const role = { tenantId: team.tenantId, key: 'guest', name: 'Guest', permissions: [] };
  const { value } = await manage(team.owner.ask, 'createRole', role);
  await set(team, { defaultRoleKey: 'guest' });
  const roleId = value.role.id;
  expect((await manage(team.owner.ask, 'deleteRole', { roleId })).code).toBe('CONFLICT');
  await set(team, { defaultRoleKey: null });
  expect((await manage(team.owner.ask, 'deleteRole', { roleId })).code).toBeNull();
});

test('changed settings stand in the audit log with before and after', async () => {
  const team = await createTeam(app);
  await set(team, { sessionIdleTimeoutSeconds: 600 });
  const auditLog = await readAuditLog(app, team.tenantUuid);
  expect(auditLog.at(-1)).toMatchObject({
    action: 'tenant.updated',
    changes: { settings: [{}, { sessionIdleTimeoutSeconds: 600 }] },
  });
});

test('two changes of different settings at once are both kept', async () => {
  const team = await createTeam(app);
  await Promise.all([
    set(team, { sessionIdleTimeoutSeconds: 600 }),
    set(team, { defaultRoleKey: 'viewer' }),
  ]);
  expect(await readSettings(team)).toMatchObject({
    sessionIdleTimeoutSeconds: 600,
    defaultRoleKey: 'viewer',
  });
});
