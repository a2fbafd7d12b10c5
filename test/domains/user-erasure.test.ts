import { beforeAll, expect, test } from 'vitest';
import { noScope } from '../../src/db/scope.ts';
import { createCast } from '../support/cast.ts';
import { isValid, openSession, send } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { countRows, findChainViolation, manage, readAuditLog } from '../support/life-cycle.ts';
import {
  addMember,
  createMember,
  createPerson,
  createPlatformAdmin,
  createTeam,
  type Person,
  toPublicId,
  toUuid,
} from '../support/people.ts';

const app = describeApp();
let admin: Person;
beforeAll(async () => {
  admin = await createPlatformAdmin(app);
});

function erase({ userId }: { userId: string }, ask = admin.ask) {
  return manage(ask, 'eraseUser', { userId });
}

/** Every table of ours that holds this text anywhere. */
async function listTablesWith(text: string): Promise<string[]> {
  const { rows } = await app.owner.query<{ name: string }>(
    `select c.relname as name from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1`,
  );
  const found = [];
  for (const { name } of rows) {
    if ((await countRows(app, `${name} t where t::text like $1`, `%${text}%`)) > 0) {
      found.push(name);
    }
  }
  return found;
}

test('a person erases itself: no table but the audit log knows it, and that one by its id alone', async () => {
  const person = await createPerson(app, 'forget-me@people.example');
  await person.ask(
    `mutation { updateProfile(input: { name: "Unforgettable", metadata: { shoe: "Unforgettable" } }) {
      __typename } }`,
  );
  const team = await createTeam(app);
  await addMember(app, team, person, 'member');
  await send(app.ask, 'signIn', { email: person.email, password: 'wrong on purpose, twice over' });
  const second = await openSession(app, person, team.slug);
  await send(app.ask, 'signIn', { email: person.email, password: 'wrong on purpose, twice over' });
  const { value } = await erase(person, person.ask);
  expect(value).toEqual({ erasedUserId: person.userId });
  expect([await isValid(person), await isValid(second)]).toEqual([false, false]);
  expect((await readAuditLog(app, team.tenantUuid)).at(-1)).toMatchObject({
    action: 'membership.removed',
    actor: person.userUuid,
  });
  expect((await readAuditLog(app, person.userUuid)).at(-1)).toMatchObject({
    action: 'user.erased',
  });
  expect(await listTablesWith('forget-me')).toEqual([]);
  expect(await listTablesWith('Unforgettable')).toEqual([]);
  expect(await listTablesWith(person.userUuid)).toEqual(['audit_events', 'audit_heads']);
  const bucket = `bucket = 'account:' || encode(sha256($1::bytea), 'hex')`;
  expect(await countRows(app, `sign_in_budgets where ${bucket}`, person.email)).toBe(0);
});

test('an erased person cannot sign in, and the address is free for somebody new', async () => {
  const person = await createPerson(app);
  await erase(person);
  const { email, password } = person;
  expect((await send(app.ask, 'signIn', { email, password })).code).toBe('UNAUTHENTICATED');
  const next = await createPerson(app, email);
  expect(next.userId).not.toBe(person.userId);
});

test('the audit log keeps every step under the id and still verifies; each tenant learns of its loss', async () => {
  const team = await createTeam(app);
  const member = await createMember(app, team, 'admin');
  await manage(member.ask, 'updateTenant', { tenantId: team.tenantId, name: 'Renamed' });
  await manage(admin.ask, 'eraseUser', { userId: member.userId, reason: 'Request 17' });
  const ofTenant = await readAuditLog(app, team.tenantUuid);
  expect(ofTenant.slice(1)).toMatchObject([
    { action: 'tenant.updated', actor: member.userUuid },
    {
      action: 'membership.removed',
      actor: admin.userUuid,
      target: toUuid(member.membershipId),
      changes: { userId: [member.userUuid, null], roles: [['admin'], null] },
    },
  ]);
  const own = await readAuditLog(app, member.userUuid);
  expect(own.at(-1)).toEqual({
    action: 'user.erased',
    actor: admin.userUuid,
    target: member.userUuid,
    changes: { memberships: [1, 0], reason: [null, 'Request 17'] },
  });
  expect(await findChainViolation(app, team.tenantUuid)).toBeNull();
  expect(await findChainViolation(app, member.userUuid)).toBeNull();
  expect(await countRows(app, 'tenants where id = $1 and member_count = 1', team.tenantUuid)).toBe(
    1,
  );
});

test('a tenant reads in its audit log the id of who is gone, and nothing else of that person', async () => {
  const team = await createTeam(app);
  const member = await createMember(app, team, 'admin');
  await manage(member.ask, 'updateTenant', { tenantId: team.tenantId, name: 'Renamed' });
  await erase(member);
  const { data } = await team.owner.ask(
    `query ($id: ID!) { tenant(id: $id) { auditEvents(where: { action: "tenant.updated" }) {
      edges { node { actorId actor { id } } } } } }`,
    { variables: { id: team.tenantId } },
  );
  expect(data.tenant.auditEvents.edges).toEqual([
    { node: { actorId: member.userId, actor: null } },
  ]);
});

test('the last owner of any tenant is not erased, and is notified of which', async () => {
  const team = await createTeam(app);
  for (const ask of [team.owner.ask, admin.ask]) {
    const { code, message } = await erase(team.owner, ask);
    expect(code).toBe('CONFLICT');
    expect(message).toContain(team.slug);
  }
  expect(await isValid(team.owner)).toBe(true);
  await createMember(app, team, 'owner');
  expect((await erase(team.owner)).code).toBeNull();
});

test('a paused owner does not count as the one who stays', async () => {
  const team = await createTeam(app);
  const paused = await createMember(app, team, 'owner');
  await app.owner.query('update user_tenants set is_active = false where user_id = $1', [
    paused.userUuid,
  ]);
  expect((await erase(team.owner)).code).toBe('CONFLICT');
});

test('of two owners who erase themselves at once one stays', async () => {
  for (let round = 0; round < 5; round += 1) {
    const team = await createTeam(app);
    const other = await createMember(app, team, 'owner');
    const outcomes = await Promise.all([
      erase(team.owner, team.owner.ask),
      erase(other, other.ask),
    ]);
    expect(outcomes.map(({ code }) => code).sort()).toEqual(['CONFLICT', null]);
  }
});

test('nobody erases somebody else, and nobody learns who exists by trying', async () => {
  const { member, as } = await createCast(app);
  const absent = { userId: toPublicId('user', '00000000-0000-7000-8000-00000000dead') };
  for (const caller of ['owner', 'admin', 'viewer', 'paused', 'stranger', 'anonymous'] as const) {
    const refused = await erase(member, as[caller]);
    const expected = caller === 'anonymous' ? 'UNAUTHENTICATED' : 'FORBIDDEN';
    expect([caller, refused.code]).toEqual([caller, expected]);
    expect(await erase(absent, as[caller])).toEqual(refused);
  }
  expect(await isValid(member)).toBe(true);
  expect((await erase(absent)).code).toBe('NOT_FOUND');
});

test('a session that is bound to one tenant cannot erase its user', async () => {
  const team = await createTeam(app);
  const member = await createMember(app, team, 'member');
  const bound = await openSession(app, member, team.slug);
  expect((await erase(member, bound.ask)).code).toBe('FORBIDDEN');
});

test('the database itself lets no scope but one’s own and the platform’s erase a person', async () => {
  const team = await createTeam(app);
  const victim = await createMember(app, team, 'member');
  const scope = {
    ...noScope,
    userId: team.owner.userUuid,
    tenantId: team.tenantUuid,
    platform: true,
  };
  const rows = await app.app.db.transaction(
    scope,
    (tx) => tx.$queryRaw`select erase_user(${victim.userUuid}::uuid) as "isErased"`,
  );
  expect(rows).toEqual([{ isErased: false }]);
  expect(await isValid(victim)).toBe(true);
});
