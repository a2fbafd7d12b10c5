import { beforeEach, describe, expect, test } from 'vitest';
import { createProgram, sendKey } from '../support/api-keys.ts';
import { isValid, openSession, send } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { impersonate } from '../support/impersonation.ts';
import { accept, createVerified, inviteOne, verifyEmailOf } from '../support/invitations.ts';
import { readAuditLog } from '../support/life-cycle.ts';
import { readInvitationToken, readLastMail } from '../support/mail.ts';
import {
  createPerson,
  createPlatformAdmin,
  createTeam,
  type Person,
  type Team,
} from '../support/people.ts';

// Somebody signs up with the address of somebody else, and waits: decision 050. Anyone who has the mailbox takes
// the account over by a reset, and nothing that was made before goes on.

const app = describeApp({ SIGN_UP_SOURCE_MAX: '1000' });
beforeEach(() => app.owner.query('delete from sign_in_budgets'));

const newPassword = 'another harbour at dusk';

async function claim({ email }: Pick<Person, 'email'>, input: object = {}) {
  expect(await send(app.ask, 'requestPasswordReset', { email })).toMatchObject({ code: null });
  const { token } = await readLastMail(app, email);
  return await send(app.ask, 'resetPassword', { token, newPassword, ...input });
}

/** Signs up with an address of somebody else and makes all that could outlive a change of hands. */
async function squat() {
  const team = await createTeam(app);
  const { owner: squatter } = team;
  const key = await createProgram(app, squatter, team, 'tenant:read');
  const bound = await openSession(app, squatter, team.slug);
  const verification = (await readLastMail(app, squatter.email)).token ?? '';
  const friend = await createVerified(app);
  expect(await inviteOne(team, friend.email, { roleKeys: ['owner'] })).toMatchObject({
    code: null,
  });
  const invitation = await readInvitationToken(app, friend.email);
  return { team, squatter, key, bound, verification, friend, invitation };
}

const isKeyValid = async ({ ask }: { ask: Person['ask'] }, { tenantId }: Team) => {
  const { data } = await ask('query ($id: ID!) { tenant(id: $id) { id } }', {
    variables: { id: tenantId },
  });
  return data?.tenant != null;
};

describe('a reset of an address that nobody had confirmed', () => {
  test('ends the sessions, API keys, links and invitations of anyone who had signed up with it', async () => {
    const { team, squatter, key, bound, verification, friend, invitation } = await squat();
    expect(await isKeyValid(key, team)).toBe(true);
    expect(await claim(squatter)).toMatchObject({ code: null, value: { revokedCount: 2 } });
    expect([await isValid(squatter), await isValid(bound)]).toEqual([false, false]);
    expect(await isKeyValid(key, team)).toBe(false);
    expect(await send(app.ask, 'verifyEmail', { token: verification })).toMatchObject({
      code: 'BAD_USER_INPUT',
    });
    expect(await accept(friend, { token: invitation })).toMatchObject({ code: 'NOT_FOUND' });
    const { code } = await send(app.ask, 'signIn', squatter);
    expect(code).toBe('BAD_USER_INPUT');
  });

  test('leaves no way round the delay of sign-ins to who held a session before', async () => {
    const squatter = await createPerson(app);
    await claim(squatter);
    const guess = { email: squatter.email, password: 'not the password of anybody' };
    for (let failure = 0; failure < 5; failure += 1) await send(app.ask, 'signIn', guess);
    expect(await send(squatter.ask, 'signIn', { ...guess, password: newPassword })).toMatchObject({
      code: 'RATE_LIMITED',
    });
  });

  test('stands in the audit logs of the person and of its tenants, and the mail says what ended', async () => {
    const { team, squatter, key } = await squat();
    await claim(squatter);
    const actions = (await readAuditLog(app, team.tenantUuid)).map(({ action }) => action);
    expect(actions).toContain('api_key.revoked');
    expect(actions).toContain('invitation.revoked');
    const own = await readAuditLog(app, squatter.userUuid);
    expect(own.findLast(({ action }) => action === 'password.reset')).toMatchObject({
      changes: { emailVerified: [false, true] },
    });
    expect((await readLastMail(app, squatter.email)).text).toContain(
      'Nobody had confirmed the address',
    );
    expect(key.id).not.toBe('');
  });

  test('keeps memberships and tenants: those of a founder who never confirmed look the same', async () => {
    const { team, squatter } = await squat();
    await claim(squatter);
    const { ask } = await openSession(app, { ...squatter, password: newPassword });
    const { data } = await ask('{ viewer { memberships { edges { node { tenant { id } } } } } }');
    expect(data.viewer.memberships.edges).toEqual([{ node: { tenant: { id: team.tenantId } } }]);
  });

  test('lets no key or invitation slip in that is being made at that moment', async () => {
    const { team, squatter } = await squat();
    expect(await send(app.ask, 'requestPasswordReset', { email: squatter.email })).toMatchObject({
      code: null,
    });
    const { token } = await readLastMail(app, squatter.email);
    let isOver = false;
    const make = async () => {
      const codes = new Set<string | null>();
      while (!isOver) {
        const input = { tenantId: team.tenantId, name: 'deploy', permissions: ['tenant:read'] };
        codes.add((await sendKey(squatter.ask, 'createApiKey', input)).code);
        const line = `friend-${crypto.randomUUID()}@people.example`;
        await inviteOne(team, line).catch(() => undefined);
      }
      return codes;
    };
    const makers = [make(), make(), make(), make()];
    const reset = await send(app.ask, 'resetPassword', { token, newPassword });
    isOver = true;
    await Promise.all(makers);
    expect(reset).toMatchObject({ code: null });
    const { rows } = await app.owner.query(
      `select 'key' as kind from api_keys where created_by = $1 and revoked_at is null
       union all select 'invitation' from invitations where invited_by = $1 and status = 'pending'`,
      [squatter.userUuid],
    );
    expect(rows).toEqual([]);
  });
});

describe('a reset of an address that was confirmed', () => {
  test('keeps API keys and invitations, unless asked to end the keys', async () => {
    const { team, squatter: owner, key, friend, invitation } = await squat();
    await verifyEmailOf(app, owner);
    expect(await claim(owner)).toMatchObject({ code: null });
    expect(await isKeyValid(key, team)).toBe(true);
    expect(await accept(friend, { token: invitation })).toMatchObject({ code: null });
    await app.owner.query('delete from sign_in_budgets');
    expect(
      await claim(owner, { revokeApiKeys: true, newPassword: 'a third harbour at dawn' }),
    ).toMatchObject({
      code: null,
    });
    expect(await isKeyValid(key, team)).toBe(false);
  });

  test('ends what an administrator had opened in the name of others', async () => {
    const admin = await createPlatformAdmin(app);
    await verifyEmailOf(app, admin);
    const person = await createPerson(app);
    const acting = await impersonate(app, admin, person);
    expect(await isValid(acting)).toBe(true);
    await claim(admin);
    expect(await isValid(acting)).toBe(false);
  });
});
