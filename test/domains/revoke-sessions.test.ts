import { describe, expect, test } from 'vitest';
import { isValid, openSession, post, send } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { codeOf } from '../support/mutate.ts';
import {
  addMember,
  createMember,
  createPerson,
  createPlatformAdmin,
  createTeam,
  type Person,
} from '../support/people.ts';

const app = describeApp();

type Caller = Pick<Person, 'ask'>;

const listValidity = (...sessions: Caller[]) => Promise.all(sessions.map(isValid));
const getOwnId = async ({ ask }: Caller): Promise<string> =>
  (await ask('{ viewer { session { id } } }')).data.viewer.session.id;

/** A tenant with a bound and an unbound session of its owner and of a member. */
async function createTeamWithSessions() {
  const team = await createTeam(app);
  const member = await createMember(app, team, 'member');
  const ownerBound = await openSession(app, team.owner, team.slug);
  const memberBound = await openSession(app, member, team.slug);
  return { team, member, ownerBound, memberBound };
}

describe('revokeSession', () => {
  const revoke = ({ ask }: Caller, sessionId: string) => send(ask, 'revokeSession', { sessionId });

  test('ends a session of the caller at once, and no other', async () => {
    const person = await createPerson(app);
    const [one, other] = [await openSession(app, person), await openSession(app, person)];
    expect(await revoke(person, one.id)).toMatchObject({ value: { revokedSessionId: one.id } });
    expect(await listValidity(person, one, other)).toEqual([true, false, true]);
    expect(await revoke(person, one.id)).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('of the current session makes the rest of the operation anonymous', async () => {
    const person = await createPerson(app);
    const response = await person.ask(
      `mutation ($id: ID!) { revokeSession(input: { sessionId: $id }) { __typename }
        updateProfile(input: { name: "A ghost" }) { __typename } }`,
      { variables: { id: await getOwnId(person) } },
    );
    expect(codeOf(response)).toBe('UNAUTHENTICATED');
    expect(await isValid(person)).toBe(false);
  });

  test('of a foreign, absent or malformed id returns the same bytes', async () => {
    const { ownerBound, memberBound } = await createTeamWithSessions();
    const { owner: stranger, tenantId, slug } = await createTeam(app);
    const victim = await createPerson(app);
    const absent = '0'.repeat(32);
    const ids = [
      await getOwnId(victim),
      ownerBound.id,
      // The id of a foreign session, combined with the caller's own tenant.
      memberBound.id.slice(0, 40) + tenantId.slice('tenant_'.length),
      `session_${absent}`,
      `session_${absent}${absent}`,
      `session_${absent}${tenantId.slice('tenant_'.length)}`,
      victim.userId,
      'session_\0',
      '\ud800',
      '',
    ];
    const bound = await openSession(app, stranger, slug);
    for (const { token } of [stranger, bound]) {
      const texts = new Set<string>();
      for (const sessionId of ids) {
        const query = `mutation ($input: SessionIdInput!) { revokeSession(input: $input) {
          __typename ... on Error { code message path } } }`;
        const variables = { input: { sessionId } };
        const { text } = await post(
          app,
          { query, variables },
          { authorization: `Bearer ${token}` },
        );
        texts.add(text);
      }
      expect([...texts]).toEqual([expect.stringContaining('"code":"NOT_FOUND"')]);
    }
    expect(await listValidity(victim, ownerBound, memberBound)).toEqual([true, true, true]);
  });

  test('of a session bound to a tenant is allowed for its admins, not for members without sessions:revoke', async () => {
    const { team, member, ownerBound, memberBound } = await createTeamWithSessions();
    expect(await revoke(member, ownerBound.id)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await isValid(ownerBound)).toBe(true);
    const admin = await createMember(app, team, 'admin');
    const adminBound = await openSession(app, admin, team.slug);
    expect(await revoke(adminBound, memberBound.id)).toMatchObject({ code: null });
    expect(await revoke(admin, ownerBound.id)).toMatchObject({ code: null });
    expect(await revoke(admin, await getOwnId(member))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await listValidity(memberBound, ownerBound, member, team.owner)).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  test('of any session is allowed for platform administrators, and rejected for anonymous callers', async () => {
    const person = await createPerson(app);
    const id = await getOwnId(person);
    expect(await revoke(app, id)).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await isValid(person)).toBe(true);
    expect(await revoke(await createPlatformAdmin(app), id)).toMatchObject({ code: null });
    expect(await isValid(person)).toBe(false);
  });
});

describe('revokeSessions', () => {
  const revokeAll = ({ ask }: Caller, input: object = {}) => send(ask, 'revokeSessions', input);

  test('without input ends all sessions of the caller but the current one, and none of others', async () => {
    const [person, bystander] = [await createPerson(app), await createPerson(app)];
    const others = [await openSession(app, person), await openSession(app, person)];
    expect(await revokeAll(person)).toMatchObject({ value: { revokedCount: 2 } });
    expect(await listValidity(person, ...others, bystander)).toEqual([true, false, false, true]);
  });

  test('with includeCurrent ends the current one as well, for the rest of the operation too', async () => {
    const person = await createPerson(app);
    const other = await openSession(app, person);
    const response = await person.ask(
      `mutation { revokeSessions(input: { includeCurrent: true }) {
          ... on RevokeSessionsSuccess { revokedCount } }
        updateProfile(input: { name: "A ghost" }) { __typename } }`,
    );
    expect(codeOf(response)).toBe('UNAUTHENTICATED');
    expect(await listValidity(person, other)).toEqual([false, false]);
  });

  test('with a tenant ends the sessions of the caller that are bound to it', async () => {
    const { team, ownerBound, memberBound } = await createTeamWithSessions();
    const elsewhere = await createTeam(app);
    await addMember(app, elsewhere, team.owner, 'member');
    const other = await openSession(app, team.owner, elsewhere.slug);
    const { tenantId } = team;
    expect(await revokeAll(team.owner, { tenantId })).toMatchObject({ value: { revokedCount: 1 } });
    expect(await listValidity(team.owner, ownerBound, other, memberBound)).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  test('of a member is allowed for admins, for sessions bound to the tenant only', async () => {
    const { team, member, ownerBound, memberBound } = await createTeamWithSessions();
    const admin = await createMember(app, team, 'admin');
    const input = { userId: member.userId, tenantId: team.tenantId };
    expect(await revokeAll(admin, { userId: member.userId })).toMatchObject({ code: 'FORBIDDEN' });
    expect(await revokeAll(admin, input)).toMatchObject({ value: { revokedCount: 1 } });
    expect(await listValidity(memberBound, member, ownerBound)).toEqual([false, true, true]);
  });

  test('of others is rejected for members, strangers and anonymous callers', async () => {
    const { team, member, ownerBound } = await createTeamWithSessions();
    const { owner: stranger, tenantId: own } = await createTeam(app);
    const input = { userId: team.owner.userId, tenantId: team.tenantId };
    expect(await revokeAll(member, input)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await revokeAll(stranger, input)).toMatchObject({ code: 'NOT_FOUND' });
    expect(await revokeAll(app, input)).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await revokeAll(app)).toMatchObject({ code: 'UNAUTHENTICATED' });
    const overOwn = await revokeAll(stranger, { ...input, tenantId: own });
    expect(overOwn).toMatchObject({ code: 'NOT_FOUND' });
    expect(await listValidity(ownerBound, team.owner)).toEqual([true, true]);
  });

  test('of any user is allowed for platform administrators, but not from a bound session', async () => {
    const { team, member, memberBound } = await createTeamWithSessions();
    const admin = await createPlatformAdmin(app);
    await addMember(app, team, admin, 'member');
    const bound = await openSession(app, admin, team.slug);
    const input = { userId: member.userId };
    expect(await revokeAll(bound, input)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await revokeAll(admin, input)).toMatchObject({ value: { revokedCount: 2 } });
    expect(await listValidity(member, memberBound, team.owner)).toEqual([false, false, true]);
  });
});
