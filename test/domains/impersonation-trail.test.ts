import { beforeAll, expect, test } from 'vitest';
import { schema } from '../../src/schema.ts';
import { isValid } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { createDummy } from '../support/dummy-input.ts';
import { type Impersonation, impersonate, reason } from '../support/impersonation.ts';
import { findChainViolation, readAuditLog } from '../support/life-cycle.ts';
import { mutate, readRows } from '../support/mutate.ts';
import {
  addMember,
  createMember,
  createPerson,
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

const createEntry = (person: Person) => ({
  action: 'session.impersonated',
  actor: admin.userUuid,
  target: person.userUuid,
  changes: { reason: [null, reason], until: [null, expect.any(String)] },
});

/** What tenants and people read of impersonations. */
async function listBegun(...chains: string[]) {
  const begun = [];
  for (const chain of chains) {
    const auditLog = await readAuditLog(app, chain);
    begun.push(auditLog.filter(({ action }) => action === 'session.impersonated'));
  }
  return begun;
}

test('its reason stands in the audit log of the person and of each tenant it may be used in, and no other', async () => {
  const [one, other, stranger] = [
    await createTeam(app),
    await createTeam(app),
    await createTeam(app),
  ];
  const person = await createMember(app, one, 'member');
  await addMember(app, other, person, 'viewer');
  await impersonate(app, admin, person);
  const chains = [person.userUuid, one.tenantUuid, other.tenantUuid, stranger.tenantUuid];
  const entry = createEntry(person);
  expect(await listBegun(...chains)).toEqual([[entry], [entry], [entry], []]);
  await impersonate(app, admin, person, other.tenantId);
  const twice = [entry, entry];
  expect(await listBegun(...chains)).toEqual([twice, [entry], twice, []]);
  for (const chain of chains) expect(await findChainViolation(app, chain)).toBeNull();
});

/** The newest entries of a tenant's audit log as one of its auditors reads them. */
async function readAsAuditor(auditor: Person, { tenantId }: Team) {
  const { data } = await auditor.ask(
    `query ($id: ID!) { tenant(id: $id) { auditEvents(first: 2) { edges { node {
      action actor { id } actorId impersonator { id } impersonatorId } } } } }`,
    { variables: { id: tenantId } },
  );
  return data.tenant.auditEvents.edges.map(({ node }: { node: object }) => node);
}

test("a tenant's own auditors see who acted as whom, though they may not see the administrator", async () => {
  const team = await createTeam(app);
  const session = await impersonate(app, admin, team.owner);
  const { tenantId } = team;
  const renamed = await mutate(session.ask, 'updateTenant', { tenantId, name: 'As they asked' });
  expect(renamed.code).toBeNull();
  const auditor = await createMember(app, team, 'admin');
  const owner = team.owner.userId;
  expect(await readAsAuditor(auditor, team)).toEqual([
    {
      action: 'tenant.updated',
      actor: { id: owner },
      actorId: owner,
      impersonator: null,
      impersonatorId: admin.userId,
    },
    {
      action: 'session.impersonated',
      actor: null,
      actorId: admin.userId,
      impersonator: null,
      impersonatorId: null,
    },
  ]);
});

test('it may do no more in a tenant than the person may', async () => {
  const team = await createTeam(app);
  const session = await impersonate(app, admin, await createMember(app, team, 'viewer'));
  const { tenantId } = team;
  expect((await mutate(session.ask, 'updateTenant', { tenantId, name: 'Mine' })).code).toBe(
    'FORBIDDEN',
  );
  const foreign = { tenantId: (await createTeam(app)).tenantId, name: 'Mine' };
  expect((await mutate(session.ask, 'updateTenant', foreign)).code).toBe('NOT_FOUND');
  const { errors } = await session.ask('{ users { edges { node { id } } } }');
  expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
});

test('in its name an owner is an admin: it neither makes owners nor is told that it could', async () => {
  const team = await createTeam(app);
  const { tenantId } = team;
  const session = await impersonate(app, admin, team.owner);
  const friend = await createMember(app, team, 'member');
  const promote = { membershipId: friend.membershipId, roleKeys: ['owner'] };
  expect((await mutate(session.ask, 'updateMembership', promote)).code).toBe('FORBIDDEN');
  const demote = { membershipId: friend.membershipId, roleKeys: ['viewer'] };
  expect((await mutate(session.ask, 'updateMembership', demote)).code).toBeNull();
  const { data } = await session.ask(
    `query ($id: ID!, $token: String!) {
      viewer { user { viewerPermissions } }
      tenant(id: $id) { viewerPermissions }
      checkPermissions(checks: [
        { tenantId: $id, permission: "tenant:own" }, { tenantId: $id, permission: "members:update" }
      ]) { allowed }
      verifySession(token: $token, tenantId: $id) { permissions } }`,
    { variables: { id: tenantId, token: session.token } },
  );
  const rights: string[][] = [data.tenant.viewerPermissions, data.verifySession.permissions];
  for (const held of rights) {
    expect(held).toContain('members:update');
    expect(held).not.toContain('tenant:own');
    expect(held).not.toContain('tenant:delete');
  }
  const allowed = data.checkPermissions.map((decision: { allowed: boolean }) => decision.allowed);
  expect(allowed).toEqual([false, true]);
  expect(data.viewer.user.viewerPermissions).not.toContain('user:erase');
});

/** What the daily work of a tenant takes; everything else is the person's alone. */
const open = [
  ...['createRole', 'deleteRole', 'inviteMembers', 'removeMember', 'resendInvitation'],
  ...['revokeInvitation', 'signOut', 'updateMembership', 'updateProfile', 'updateRole'],
  'updateTenant',
];

async function rejectionOf({ ask }: Impersonation, name: string) {
  const arg = schema.getMutationType()?.getFields()[name]?.args[0];
  const { data } = await ask(
    `mutation ${arg ? `($input: ${arg.type})` : ''} { ${name}${arg ? '(input: $input)' : ''} {
      ... on Error { code } ... on ForbiddenError { reason } } }`,
    arg ? { variables: { input: createDummy(arg.type) } } : {},
  );
  return data?.[name];
}

test('every mutation but the daily work of a tenant is refused, and changes nothing', async () => {
  const person = await createPerson(app);
  const session = await impersonate(app, admin, person);
  const names = Object.keys(schema.getMutationType()?.getFields() ?? {});
  const closed = names.filter((name) => !open.includes(name));
  expect(closed).toEqual(
    expect.arrayContaining([
      ...['changePassword', 'confirmPassword', 'createTenant', 'deleteTenant', 'eraseUser'],
      ...['impersonateUser', 'leaveTenant', 'revokeSession', 'revokeSessions', 'signIn'],
      ...['switchTenant', 'transferOwnership'],
    ]),
  );
  const before = await readRows(app);
  for (const name of closed) {
    const refused = { code: 'FORBIDDEN', reason: 'IMPERSONATED' };
    expect([name, await rejectionOf(session, name)]).toEqual([name, refused]);
  }
  expect(await readRows(app)).toEqual(before);
  expect([await isValid(session), await isValid(person)]).toEqual([true, true]);
});
