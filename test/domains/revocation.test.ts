import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TestApp } from '../support/app.ts';
import { openSession, send } from '../support/credentials.ts';
import {
  createMember,
  createPerson,
  createPlatformAdmin,
  createTeam,
  type Person,
  type Team,
} from '../support/people.ts';
import { startTwoProcesses, type TwoProcesses } from '../support/two-processes.ts';

// Two processes serve one database, without a cache of credentials: a revocation that one of them has
// acknowledged holds on the next request to the other.

let processes: TwoProcesses;
let here: TestApp;
beforeAll(async () => {
  processes = await startTwoProcesses();
  here = processes.here;
});
afterAll(() => processes.close());

let team: Team;
let member: Person & { membershipId: string };
let stranger: Person;
beforeEach(async () => {
  team = await createTeam(here);
  member = await createMember(here, team, 'member');
  stranger = (await createTeam(here)).owner;
});

const isValidThere = (person: { token: string }) => processes.isValidThere(person);

/** Expects the session to be valid there before `change`, and rejected on the next request after it. */
async function expectRevoked(victim: { token: string }, change: () => Promise<unknown>) {
  expect(await isValidThere(victim)).toBe(true);
  await change();
  expect(await isValidThere(victim)).toBe(false);
}

describe('a session is rejected by the other process on the next request', () => {
  test('after signing out', async () => {
    await expectRevoked(member, () => send(member.ask, 'signOut'));
    expect(await isValidThere(stranger)).toBe(true);
  });

  test('after being revoked by its user, but not by a stranger', async () => {
    const phone = await openSession(here, member);
    expect(await isValidThere(phone)).toBe(true);
    const rejected = await send(stranger.ask, 'revokeSession', { sessionId: phone.id });
    expect(rejected.code).toBe('NOT_FOUND');
    expect(await isValidThere(phone)).toBe(true);
    await expectRevoked(phone, () => send(member.ask, 'revokeSession', { sessionId: phone.id }));
    expect(await isValidThere(member)).toBe(true);
  });

  test('after all others are revoked by its user', async () => {
    const phone = await openSession(here, member);
    await send(stranger.ask, 'revokeSessions');
    await expectRevoked(phone, () => send(member.ask, 'revokeSessions'));
    expect(await isValidThere(member)).toBe(true);
    expect(await isValidThere(stranger)).toBe(true);
  });

  test('after being revoked by the owner of the tenant it is bound to, and only there', async () => {
    const bound = await openSession(here, member, team.slug);
    const input = { userId: member.userId, tenantId: team.tenantId };
    expect((await send(stranger.ask, 'revokeSessions', input)).code).toBe('NOT_FOUND');
    expect(await isValidThere(bound)).toBe(true);
    await expectRevoked(bound, () => send(team.owner.ask, 'revokeSessions', input));
    expect(await isValidThere(member)).toBe(true);
  });

  test('after being revoked by a platform administrator, but not by a stranger', async () => {
    const admin = await createPlatformAdmin(here);
    const input = { userId: member.userId };
    expect((await send(stranger.ask, 'revokeSessions', input)).code).toBe('FORBIDDEN');
    await expectRevoked(member, () => send(admin.ask, 'revokeSessions', input));
    expect(await isValidThere(stranger)).toBe(true);
  });

  test('after the password was changed, but not after an attempt with a wrong one', async () => {
    const phone = await openSession(here, member);
    const change = (currentPassword: string) =>
      send(member.ask, 'changePassword', {
        currentPassword,
        newPassword: 'quite another secret of nobody',
      });
    expect((await change('not the password of anybody')).code).toBe('UNAUTHENTICATED');
    await expectRevoked(phone, () => change(member.password));
    expect(await isValidThere(member)).toBe(true);
    expect(await isValidThere(stranger)).toBe(true);
  });

  test('after being replaced by one that is bound to a tenant', async () => {
    let replacement = '';
    await expectRevoked(member, async () => {
      const { value } = await send(member.ask, 'switchTenant', { tenantId: team.tenantId });
      replacement = value.token;
    });
    expect(await isValidThere({ token: replacement })).toBe(true);
    const rejected = await send(stranger.ask, 'switchTenant', { tenantId: team.tenantId });
    expect(rejected.code).toBe('NOT_FOUND');
    expect(await isValidThere(stranger)).toBe(true);
  });

  test('after its user opened more sessions than allowed, if it was used longest ago', async () => {
    const person = await createPerson(here);
    await here.owner.query(
      `insert into sessions (user_id, token_hash, idle_timeout_seconds, expires_at, last_seen_at)
       select $1, sha256(uuid_send(gen_random_uuid())), 3600, now() + interval '1 hour',
         now() + interval '1 second' from generate_series(1, 49)`,
      [person.userUuid],
    );
    await expectRevoked(person, () => openSession(here, person));
    expect(await isValidThere(stranger)).toBe(true);
  });

  test('after its user was suspended, unlike sessions of others', async () => {
    const setStatus = (status: string) =>
      here.owner.query('update users set status = $2 where id = $1', [member.userUuid, status]);
    const bound = await openSession(here, member, team.slug);
    await expectRevoked(member, () => setStatus('suspended'));
    expect(await isValidThere(bound)).toBe(false);
    expect(await isValidThere(stranger)).toBe(true);
    expect(await isValidThere(team.owner)).toBe(true);
    await setStatus('active');
    expect(await isValidThere(member)).toBe(true);
  });

  test('when a service verifies it there', async () => {
    const verifyThere = async () => {
      const { data } = await processes.there.ask(
        'query ($token: String!, $id: ID) { verifySession(token: $token, tenantId: $id) { valid } }',
        { token: team.owner.token, variables: { token: member.token, id: team.tenantId } },
      );
      return data.verifySession.valid;
    };
    expect(await verifyThere()).toBe(true);
    await send(stranger.ask, 'signOut');
    expect(await verifyThere()).toBe(true);
    await send(member.ask, 'signOut');
    expect(await verifyThere()).toBe(false);
  });
});
