import { beforeAll, expect, test } from 'vitest';
import { noScope } from '../../src/db/scope.ts';
import { createCast } from '../support/cast.ts';
import { isValid, openSession, send } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { deletionOf, manage, readAuditLog } from '../support/life-cycle.ts';
import { createPlatformAdmin, createTeam, type Person, toPublicId } from '../support/people.ts';

const app = describeApp();
let admin: Person;
beforeAll(async () => {
  admin = await createPlatformAdmin(app);
});

test('suspending a tenant refuses every session bound to it and every change in it at once', async () => {
  const team = await createTeam(app);
  const bound = await openSession(app, team.owner, team.slug);
  expect(await isValid(bound)).toBe(true);
  const suspended = await manage(admin.ask, 'suspendTenant', { tenantId: team.tenantId });
  expect(suspended.value.tenant.status).toBe('SUSPENDED');
  expect(await isValid(bound)).toBe(false);
  const { email, password } = team.owner;
  const again = await send(app.ask, 'signIn', { email, password, tenantSlug: team.slug });
  expect(again.code).toBe('UNAUTHENTICATED');
  const rename = { tenantId: team.tenantId, name: 'New' };
  expect((await manage(team.owner.ask, 'updateTenant', rename)).code).toBe('FORBIDDEN');
});

test('a suspended tenant that is resumed works as before, also in the sessions bound to it', async () => {
  const team = await createTeam(app);
  const bound = await openSession(app, team.owner, team.slug);
  await manage(admin.ask, 'suspendTenant', { tenantId: team.tenantId });
  const resumed = await manage(admin.ask, 'resumeTenant', { tenantId: team.tenantId });
  expect(resumed.value.tenant.status).toBe('ACTIVE');
  expect(await isValid(bound)).toBe(true);
  const rename = { tenantId: team.tenantId, name: 'New' };
  expect((await manage(bound.ask, 'updateTenant', rename)).code).toBeNull();
});

test.each(['suspended', 'deleted'])(
  'the people of a %s tenant see themselves in it, and nobody else',
  async (state) => {
    const { team, member, as } = await createCast(app);
    const see = async () => {
      const { data } = await as.owner(
        `query ($user: ID!, $id: ID!) { node(id: $user) { id }
          viewer { membership(tenantId: $id) { id } memberships { edges { node { tenant { status } } } } } }`,
        { variables: { user: member.userId, id: team.tenantId } },
      );
      return { colleague: data.node, own: data.viewer.memberships.edges.length };
    };
    expect(await see()).toEqual({ colleague: { id: member.userId }, own: 1 });
    if (state === 'suspended')
      await manage(admin.ask, 'suspendTenant', { tenantId: team.tenantId });
    else await manage(as.owner, 'deleteTenant', deletionOf(team));
    expect(await see()).toEqual({ colleague: null, own: 1 });
  },
);

test('another tenant of the same person goes on while one is suspended', async () => {
  const team = await createTeam(app);
  const other = await createTeam(app);
  await manage(admin.ask, 'suspendTenant', { tenantId: team.tenantId });
  const rename = { tenantId: other.tenantId, name: 'New' };
  expect((await manage(other.owner.ask, 'updateTenant', rename)).code).toBeNull();
});

test.each(['suspendTenant', 'resumeTenant'] as const)(
  'nobody but a platform administrator can %s, and nobody learns which tenants exist by trying',
  async (name) => {
    const { team, as } = await createCast(app);
    const absent = toPublicId('tenant', '00000000-0000-7000-8000-00000000dead');
    for (const caller of ['owner', 'admin', 'member', 'viewer', 'paused', 'stranger'] as const) {
      const refused = await manage(as[caller], name, { tenantId: team.tenantId });
      expect([caller, refused.code]).toEqual([caller, 'FORBIDDEN']);
      expect(await manage(as[caller], name, { tenantId: absent })).toEqual(refused);
    }
    const anonymous = await manage(as.anonymous, name, { tenantId: team.tenantId });
    expect(anonymous.code).toBe('UNAUTHENTICATED');
    const { rows } = await app.owner.query('select status from tenants where id = $1', [
      team.tenantUuid,
    ]);
    expect(rows[0].status).toBe('active');
    expect((await manage(admin.ask, name, { tenantId: absent })).code).toBe('NOT_FOUND');
  },
);

test('suspending and resuming stand in the tenant’s own audit log, and doing so twice stands there once', async () => {
  const team = await createTeam(app);
  for (const name of ['suspendTenant', 'suspendTenant', 'resumeTenant', 'resumeTenant'] as const) {
    expect((await manage(admin.ask, name, { tenantId: team.tenantId })).code).toBeNull();
  }
  const auditLog = await readAuditLog(app, team.tenantUuid);
  expect(auditLog.slice(1)).toEqual([
    {
      action: 'tenant.suspended',
      actor: admin.userUuid,
      target: team.tenantUuid,
      changes: { status: ['active', 'suspended'] },
    },
    {
      action: 'tenant.resumed',
      actor: admin.userUuid,
      target: team.tenantUuid,
      changes: { status: ['suspended', 'active'] },
    },
  ]);
});

test('the database itself lets no scope but the platform’s suspend a tenant', async () => {
  const team = await createTeam(app);
  const scope = {
    ...noScope,
    userId: team.owner.userUuid,
    tenantId: team.tenantUuid,
    platform: true,
  };
  const rows = await app.app.db.transaction(
    scope,
    (tx) =>
      tx.$queryRaw`select id from change_tenant_status(${team.tenantUuid}::uuid, 'suspend', 0)`,
  );
  expect(rows).toEqual([]);
});
