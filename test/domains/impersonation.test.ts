import { beforeAll, describe, expect, test } from 'vitest';
import { createCast, signInBound } from '../support/cast.ts';
import { isValid, openSession } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { impersonate, reason, tryImpersonate } from '../support/impersonation.ts';
import { countRows, manage } from '../support/life-cycle.ts';
import {
  addMember,
  createMember,
  createPerson,
  createPlatformAdmin,
  createTeam,
  type Person,
  toPublicId,
} from '../support/people.ts';

const app = describeApp({ SESSIONS_PER_USER_MAX: '3' });
let admin: Person;
beforeAll(async () => {
  admin = await createPlatformAdmin(app);
});

const absent = toPublicId('user', '00000000-0000-7000-8000-00000000dead');
const whoIsIt = `{ viewer { isPlatformAdmin user { id lastSignInAt }
  session { isCurrent impersonatorId impersonator { id } } } }`;

test('an administrator acts as the person, knows itself for what it is, and stays itself besides', async () => {
  const team = await createTeam(app);
  const before = await team.owner.ask('{ viewer { user { lastSignInAt } } }');
  const { token, session } = await tryImpersonate(admin.ask, { userId: team.owner.userId, reason });
  expect(session).toMatchObject({
    isCurrent: false,
    impersonatorId: admin.userId,
    impersonator: { id: admin.userId },
    tenant: null,
  });
  const { data } = await app.ask(whoIsIt, { token });
  expect(data.viewer).toEqual({
    isPlatformAdmin: false,
    // The customer's own sign-in is not what this is.
    user: { id: team.owner.userId, ...before.data.viewer.user },
    // Who it is that acts is known by the id; the person is not shown to everybody it helps.
    session: { isCurrent: true, impersonatorId: admin.userId, impersonator: null },
  });
  const { data: own } = await admin.ask(whoIsIt);
  expect(own.viewer).toMatchObject({ isPlatformAdmin: true, session: { impersonatorId: null } });
});

test('it ends after an hour at the latest, whatever the database is told', async () => {
  const person = await createPerson(app);
  const { session } = await tryImpersonate(admin.ask, { userId: person.userId, reason });
  expect(Date.parse(session.expiresAt) - Date.parse(session.createdAt)).toBe(3_600_000);
  await expect(
    app.owner.query(`update sessions set expires_at = created_at + interval '61 minutes'
      where impersonator_id is not null`),
  ).rejects.toThrow('sessions_impersonation_short');
});

test('in one tenant it acts there alone; in none that the person does not belong to', async () => {
  const [here, elsewhere, foreign] = [
    await createTeam(app),
    await createTeam(app),
    await createTeam(app),
  ];
  const person = await createMember(app, here, 'admin');
  await addMember(app, elsewhere, person, 'admin');
  const session = await impersonate(app, admin, person, here.tenantId);
  const rights = async (id: string) =>
    (await session.ask(`{ tenant(id: "${id}") { viewerPermissions } }`)).data.tenant;
  expect((await rights(here.tenantId)).viewerPermissions).toContain('members:update');
  expect([await rights(elsewhere.tenantId), await rights(foreign.tenantId)]).toEqual([null, null]);
  for (const tenantId of [foreign.tenantId, toPublicId('tenant', absent.slice(5))]) {
    const input = { userId: person.userId, reason, tenantId };
    expect((await tryImpersonate(admin.ask, input)).code).toBe('NOT_FOUND');
  }
});

test.each([
  ['short', 'too short'],
  ['short but for spaces', '  too   short  '.padEnd(40)],
  ['long', 'x'.repeat(501)],
  ['unreadable', 'ten and more\u202e characters'],
])('a reason that is %s is refused', async (_name, given) => {
  const { userId } = await createPerson(app);
  const refused = await tryImpersonate(admin.ask, { userId, reason: given.replace(/ +/g, ' ') });
  expect(refused).toMatchObject({ code: 'BAD_USER_INPUT', path: ['reason'] });
});

describe('nobody', () => {
  test('but a platform administrator does it, and nobody learns who exists by trying', async () => {
    const { member, as } = await createCast(app);
    for (const [caller, ask] of Object.entries(as)) {
      if (caller === 'platformAdmin') continue;
      const refused = await tryImpersonate(ask, { userId: member.userId, reason });
      const expected = caller === 'anonymous' ? 'UNAUTHENTICATED' : 'FORBIDDEN';
      expect([caller, refused.code]).toEqual([caller, expected]);
      expect(await tryImpersonate(ask, { userId: absent, reason })).toEqual(refused);
    }
    expect((await tryImpersonate(admin.ask, { userId: absent, reason })).code).toBe('NOT_FOUND');
    expect(await countRows(app, 'sessions where user_id = $1', member.userUuid)).toBe(1);
  });

  test('does it from a session that is bound to a tenant, or from an impersonation', async () => {
    const team = await createTeam(app);
    const rogue = await createPlatformAdmin(app);
    await addMember(app, team, rogue, 'owner');
    const bound = await signInBound(app, rogue, team.slug);
    const input = { userId: team.owner.userId, reason };
    expect((await tryImpersonate(bound, input)).code).toBe('FORBIDDEN');
    const session = await impersonate(app, admin, team.owner);
    const nested = await tryImpersonate(session.ask, { ...input, userId: absent });
    expect(nested).toMatchObject({ code: 'FORBIDDEN', reason: 'IMPERSONATED' });
  });

  test('acts as oneself, as another administrator, or as somebody suspended', async () => {
    const as = async ({ userId }: Person) =>
      (await tryImpersonate(admin.ask, { userId, reason })).code;
    expect(await as(admin)).toBe('CONFLICT');
    expect(await as(await createPlatformAdmin(app))).toBe('FORBIDDEN');
    const suspended = await createPerson(app);
    await manage(admin.ask, 'suspendUser', { userId: suspended.userId });
    expect(await as(suspended)).toBe('CONFLICT');
  });

  test('gets it into a cookie, or out of a page that has one', async () => {
    const { userId } = await createPerson(app);
    const headers = { 'x-tenantry-session': 'cookie', 'x-tenantry-csrf': '1' };
    const asked = await tryImpersonate(admin.ask, { userId, reason }, { headers });
    expect(asked.code).toBe('FORBIDDEN');
    const cookie = `__Host-tenantry_session=${admin.token}`;
    const options = { headers: { 'x-tenantry-csrf': '1', cookie } };
    expect((await tryImpersonate(app.ask, { userId, reason }, options)).code).toBe('FORBIDDEN');
    expect(await isValid(admin)).toBe(true);
  });

  test('opens one past the services, by statements of the serving login', async () => {
    const person = await createPerson(app);
    const insert = (userId: string, platform: boolean) =>
      app.app.db.transaction(
        { userId, tenantId: null, platform, apiKeyId: null, impersonatorId: null },
        (tx) => tx.$executeRaw`
          insert into sessions (user_id, token_hash, idle_timeout_seconds, expires_at, impersonator_id)
          values (${person.userUuid}::uuid, sha256(uuidv7()::text::bytea), 60, now(), ${userId}::uuid)`,
      );
    expect(await insert(person.userUuid, false)).toBe(0);
    expect(await insert((await createPerson(app)).userUuid, true)).toBe(0);
    expect(await insert(admin.userUuid, true)).toBe(1);
  });
});

test('it neither counts against the sessions of the person nor ends one of them', async () => {
  const person = await createPerson(app);
  const own = [person, await openSession(app, person), await openSession(app, person)];
  const session = await impersonate(app, admin, person);
  expect(await Promise.all(own.map(isValid))).toEqual([true, true, true]);
  await openSession(app, person);
  expect(await Promise.all([...own, session].map(isValid))).toEqual([false, true, true, true]);
});
