import { beforeAll, expect, test } from 'vitest';
import { noScope } from '../../src/db/scope.ts';
import { createCast } from '../support/cast.ts';
import { isValid, openSession } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { deletionOf, makeDue, manage, readAuditLog } from '../support/life-cycle.ts';
import { createMember, createPlatformAdmin, createTeam, type Person } from '../support/people.ts';

const app = describeApp({ TENANT_DELETION_GRACE_DAYS: '7' });
let admin: Person;
beforeAll(async () => {
  admin = await createPlatformAdmin(app);
});

const dayMs = 86_400_000;

test('a deleted tenant closes at once and will be erased after the days of grace', async () => {
  const team = await createTeam(app);
  const bound = await openSession(app, team.owner, team.slug);
  const { value } = await manage(team.owner.ask, 'deleteTenant', deletionOf(team));
  expect(value.tenant).toMatchObject({
    status: 'PENDING_DELETION',
    viewerPermissions: ['tenant:delete'],
  });
  const inDays = (Date.parse(value.tenant.deletionAt) - Date.now()) / dayMs;
  expect(inDays).toBeGreaterThan(6.99);
  expect(inDays).toBeLessThan(7.01);
  expect(await isValid(bound)).toBe(false);
  const rename = { tenantId: team.tenantId, name: 'New' };
  expect((await manage(team.owner.ask, 'updateTenant', rename)).code).toBe('FORBIDDEN');
});

test('nothing of a tenant that is to be erased can be read, but that it is', async () => {
  const team = await createTeam(app);
  await manage(team.owner.ask, 'deleteTenant', deletionOf(team));
  for (const field of ['memberships { edges { node { id } } }', 'settings { defaultRoleKey }']) {
    const { errors } = await team.owner.ask(`query ($id: ID!) { tenant(id: $id) { ${field} } }`, {
      variables: { id: team.tenantId },
    });
    expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  }
  const scope = {
    ...noScope,
    userId: team.owner.userUuid,
    tenantId: team.tenantUuid,
    platform: false,
  };
  expect(await app.app.db.read(scope, (db) => db.membership.findMany())).toEqual([]);
});

test('a deletion needs the slug of the tenant once more', async () => {
  const team = await createTeam(app);
  const wrong = { tenantId: team.tenantId, confirmSlug: `${team.slug}x` };
  expect(await manage(team.owner.ask, 'deleteTenant', wrong)).toMatchObject({
    code: 'BAD_USER_INPUT',
    path: ['confirmSlug'],
  });
});

test('only who holds tenant:delete can delete a tenant: its owners and platform administrators', async () => {
  const { team, as } = await createCast(app);
  const codes: Record<string, string | null> = {};
  for (const [caller, ask] of Object.entries(as)) {
    if (caller === 'platformAdmin' || caller === 'owner') continue;
    codes[caller] = (await manage(ask, 'deleteTenant', deletionOf(team))).code;
  }
  expect(codes).toEqual({
    admin: 'FORBIDDEN',
    member: 'FORBIDDEN',
    viewer: 'FORBIDDEN',
    paused: 'NOT_FOUND',
    stranger: 'NOT_FOUND',
    anonymous: 'UNAUTHENTICATED',
  });
  expect((await manage(as.platformAdmin, 'deleteTenant', deletionOf(team))).code).toBeNull();
});

test('within the time of grace its owner, or a platform administrator, restores the tenant', async () => {
  for (const who of ['owner', 'platform administrator']) {
    const team = await createTeam(app);
    await manage(team.owner.ask, 'deleteTenant', deletionOf(team));
    const { ask } = who === 'owner' ? team.owner : admin;
    const { value } = await manage(ask, 'restoreTenant', { tenantId: team.tenantId });
    expect(value.tenant).toMatchObject({ status: 'ACTIVE', deletionAt: null });
    const rename = { tenantId: team.tenantId, name: 'New' };
    expect((await manage(team.owner.ask, 'updateTenant', rename)).code).toBeNull();
  }
});

test('who could not delete a tenant cannot restore it', async () => {
  const { team, as } = await createCast(app);
  await manage(as.owner, 'deleteTenant', deletionOf(team));
  const codes: Record<string, string | null> = {};
  for (const caller of ['admin', 'member', 'viewer', 'paused', 'stranger', 'anonymous'] as const) {
    codes[caller] = (await manage(as[caller], 'restoreTenant', { tenantId: team.tenantId })).code;
  }
  expect(codes).toEqual({
    admin: 'FORBIDDEN',
    member: 'FORBIDDEN',
    viewer: 'FORBIDDEN',
    paused: 'NOT_FOUND',
    stranger: 'NOT_FOUND',
    anonymous: 'UNAUTHENTICATED',
  });
});

test('a session bound to another tenant restores nothing', async () => {
  const team = await createTeam(app);
  const other = await createTeam(app);
  const colleague = await createMember(app, other, 'member');
  await manage(team.owner.ask, 'deleteTenant', deletionOf(team));
  await app.owner.query(
    `insert into user_tenants (tenant_id, user_id) select $1, id from users where email = $2`,
    [other.tenantUuid, team.owner.email],
  );
  const bound = await openSession(app, team.owner, other.slug);
  const restored = await manage(bound.ask, 'restoreTenant', { tenantId: team.tenantId });
  expect(restored.code).toBe('NOT_FOUND');
  const byColleague = await manage(colleague.ask, 'restoreTenant', { tenantId: team.tenantId });
  expect(byColleague).toEqual(restored);
});

test('once the time of grace is over nobody restores the tenant', async () => {
  const team = await createTeam(app);
  await manage(team.owner.ask, 'deleteTenant', deletionOf(team));
  await makeDue(app, team);
  for (const { ask } of [team.owner, admin]) {
    const restored = await manage(ask, 'restoreTenant', { tenantId: team.tenantId });
    expect(restored.code).toBe('CONFLICT');
  }
});

test('restoring lifts no suspension, and an owner cannot delete what is suspended', async () => {
  const team = await createTeam(app);
  await manage(admin.ask, 'suspendTenant', { tenantId: team.tenantId });
  expect((await manage(team.owner.ask, 'deleteTenant', deletionOf(team))).code).toBe('FORBIDDEN');
  await manage(admin.ask, 'deleteTenant', deletionOf(team));
  const { value } = await manage(team.owner.ask, 'restoreTenant', { tenantId: team.tenantId });
  expect(value.tenant.status).toBe('SUSPENDED');
});

test('a tenant that is to be erased can be neither suspended nor resumed', async () => {
  const team = await createTeam(app);
  await manage(team.owner.ask, 'deleteTenant', deletionOf(team));
  for (const name of ['suspendTenant', 'resumeTenant'] as const) {
    expect((await manage(admin.ask, name, { tenantId: team.tenantId })).code).toBe('CONFLICT');
  }
});

test('deleting twice moves no date, and each step stands in the audit log once', async () => {
  const team = await createTeam(app);
  const first = await manage(team.owner.ask, 'deleteTenant', deletionOf(team));
  const second = await manage(team.owner.ask, 'deleteTenant', deletionOf(team));
  expect(second.value).toEqual(first.value);
  await manage(team.owner.ask, 'restoreTenant', { tenantId: team.tenantId });
  await manage(team.owner.ask, 'restoreTenant', { tenantId: team.tenantId });
  const auditLog = await readAuditLog(app, team.tenantUuid);
  const { deletionAt } = first.value.tenant;
  expect(
    auditLog.slice(1).map(({ action, actor, changes }) => ({ action, actor, changes })),
  ).toEqual([
    {
      action: 'tenant.deletion_scheduled',
      actor: team.owner.userUuid,
      changes: { status: ['active', 'pending_deletion'], deletionAt: [null, deletionAt] },
    },
    {
      action: 'tenant.restored',
      actor: team.owner.userUuid,
      changes: { status: ['pending_deletion', 'active'], deletionAt: [deletionAt, null] },
    },
  ]);
});
