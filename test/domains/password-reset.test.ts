import { beforeEach, describe, expect, test, vi } from 'vitest';
import { mintToken } from '../../src/lib/token.ts';
import { listStatementsOf, startTestApp } from '../support/app.ts';
import { isValid, openSession, post, send } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { readAuditLog } from '../support/life-cycle.ts';
import { readLastMail, readMails, settleResets } from '../support/mail.ts';
import { readRows } from '../support/mutate.ts';
import { createPerson, type Person } from '../support/people.ts';

const app = describeApp({ SIGN_UP_SOURCE_MAX: '1000', TRUSTED_PROXY_HOPS: '1' });
beforeEach(() => app.owner.query('delete from sign_in_budgets'));

const newPassword = 'another harbour at dusk';
const rejection = { code: 'BAD_USER_INPUT', path: ['token'] };

const request = (email: string) => send(app.ask, 'requestPasswordReset', { email });
const reset = (token: string | null, password = newPassword) =>
  send(app.ask, 'resetPassword', { token, newPassword: password });
const trySignIn = async (email: string, password: string) =>
  (await send(app.ask, 'signIn', { email, password })).code;

/** Requests a link and returns its token. */
async function requestToken({ email }: Pick<Person, 'email'>): Promise<string> {
  expect(await request(email)).toMatchObject({ code: null, value: { ok: true } });
  return (await readLastMail(app, email)).token ?? '';
}

describe('a reset', () => {
  test('sets the password, ends every session, verifies the address and opens no session', async () => {
    const person = await createPerson(app);
    const second = await openSession(app, person);
    const token = await requestToken(person);
    expect(await reset(token)).toEqual({ code: null, path: null, value: { revokedCount: 2 } });
    expect([await isValid(person), await isValid(second)]).toEqual([false, false]);
    expect(await trySignIn(person.email, person.password)).toBe('UNAUTHENTICATED');
    const { ask } = await openSession(app, { ...person, password: newPassword });
    const { data } = await ask(
      '{ viewer { user { emailVerified } sessions { edges { cursor } } } }',
    );
    expect(data.viewer.user.emailVerified).toBe(true);
    expect(data.viewer.sessions.edges).toHaveLength(1);
  });

  test('unlocks an account that 100 failures had locked', async () => {
    const person = await createPerson(app);
    await trySignIn(person.email, 'surely not the right one');
    await app.owner.query(
      `update sign_in_budgets set consecutive = 100 where bucket like 'account:%'`,
    );
    expect(await trySignIn(person.email, person.password)).toBe('RATE_LIMITED');
    await reset(await requestToken(person));
    expect(await trySignIn(person.email, newPassword)).toBeNull();
  });

  test('mails a notice to the user, as does a change of the password', async () => {
    const person = await createPerson(app);
    const change = { currentPassword: person.password, newPassword };
    expect(await send(person.ask, 'changePassword', change)).toMatchObject({ code: null });
    expect((await readLastMail(app, person.email)).subject).toBe('Your password was changed');
    await reset(await requestToken(person));
    const subjects = (await readMails(app, person.email)).map(({ subject }) => subject);
    expect(subjects.filter((subject) => subject === 'Your password was changed')).toHaveLength(2);
  });

  test('rejects a password too weak for a sign-up, and then leaves the token valid', async () => {
    const person = await createPerson(app, 'crocodile@spaceships.example');
    const token = await requestToken(person);
    const hashes = vi.spyOn(app.app.runtime.passwords, 'hash');
    const before = await readRows(app);
    for (const weak of [
      'too short',
      'password123456789',
      'crocodilecrocodile',
      'spaceships.spaceships',
      'x'.repeat(129),
    ]) {
      expect(await reset(token, weak)).toMatchObject({
        code: 'BAD_USER_INPUT',
        path: ['newPassword'],
      });
    }
    expect(hashes).not.toHaveBeenCalled();
    hashes.mockRestore();
    expect(await readRows(app)).toEqual(before);
    expect(await reset(token)).toMatchObject({ code: null });
  });

  test('sets a password for a user who had none', async () => {
    const person = await createPerson(app);
    await app.owner.query('delete from password_credentials where user_id = $1', [person.userUuid]);
    expect(await reset(await requestToken(person))).toMatchObject({ code: null });
    expect(await trySignIn(person.email, newPassword)).toBeNull();
  });

  test('by a signed-in user ends that session too, and no session of others', async () => {
    const person = await createPerson(app);
    const other = await createPerson(app);
    const token = await requestToken(person);
    const { data } = await person.ask(
      `mutation ($token: String!) {
        resetPassword(input: { token: $token, newPassword: "${newPassword}" }) { __typename }
        requestEmailVerification { ... on Error { code } } }`,
      { variables: { token } },
    );
    expect(data).toBeNull();
    expect([await isValid(person), await isValid(other)]).toEqual([false, true]);
  });

  test('is recorded in the audit log of the user, without secrets', async () => {
    const person = await createPerson(app);
    const token = await requestToken(person);
    await reset(token);
    const auditLog = await readAuditLog(app, person.userUuid);
    const { userUuid } = person;
    expect(auditLog.filter(({ action }) => action.startsWith('password'))).toEqual([
      { action: 'password.reset_requested', actor: null, target: userUuid, changes: {} },
      {
        action: 'password.reset',
        actor: userUuid,
        target: userUuid,
        changes: { sessions: [1, 0], emailVerified: [false, true] },
      },
    ]);
    expect(JSON.stringify(auditLog)).not.toContain(token.slice(-20, -8));
  });
});

describe('a token', () => {
  test('sets one password only, even when 16 requests use it at once', async () => {
    const person = await createPerson(app);
    const token = await requestToken(person);
    const passwords = Array.from({ length: 16 }, (_, at) => `harbour number ${at} at dusk`);
    const outcomes = await Promise.all(passwords.map((password) => reset(token, password)));
    const winners = passwords.filter((_, at) => outcomes[at]?.code === null);
    expect(winners).toHaveLength(1);
    expect(outcomes.filter(({ code }) => code === 'BAD_USER_INPUT')).toHaveLength(15);
    expect(await trySignIn(person.email, winners[0] ?? '')).toBeNull();
  });

  test('is invalid after use, after a newer one was requested, and after 30 minutes', async () => {
    const person = await createPerson(app);
    const used = await requestToken(person);
    await reset(used);
    await app.owner.query('delete from sign_in_budgets');
    const replaced = await requestToken(person);
    await app.owner.query('delete from sign_in_budgets');
    const expired = await requestToken(person);
    const { rows } = await app.owner.query(
      `update one_time_tokens t set expires_at = now() - interval '1 second' from one_time_tokens o
       where o.token_hash = t.token_hash and t.user_id = $1 and t.purpose = 'password_reset'
       returning extract(epoch from o.expires_at - o.created_at)::int as seconds`,
      [person.userUuid],
    );
    expect(rows).toEqual([{ seconds: 1_800 }]);
    for (const token of [used, replaced, expired]) {
      expect(await reset(token, 'a third harbour at dawn')).toMatchObject(rejection);
    }
  });

  test('is valid for this purpose and this address only, and never for a suspended user', async () => {
    const person = await createPerson(app);
    const verification = (await readLastMail(app, person.email)).token;
    expect(await reset(verification)).toMatchObject(rejection);
    const token = await requestToken(person);
    expect(await send(app.ask, 'verifyEmail', { token })).toMatchObject(rejection);
    expect(await reset(token)).toMatchObject({ code: null });
    for (const [change, undo] of [
      [`email = 'moved-' || email`, `email = substr(email, 7)`],
      [`status = 'suspended'`, `status = 'active'`],
    ]) {
      const other = await createPerson(app);
      const link = await requestToken(other);
      await app.owner.query(`update users set ${change} where id = $1`, [other.userUuid]);
      expect(await reset(link)).toMatchObject(rejection);
      // The link stays invalid.
      await app.owner.query(`update users set ${undo} where id = $1`, [other.userUuid]);
      expect(await reset(link)).toMatchObject(rejection);
    }
  });

  test('that is unknown costs no hash, and one that is malformed no statement', async () => {
    const hashes = vi.spyOn(app.app.runtime.passwords, 'hash');
    expect(await reset(mintToken('tenantry_reset').token)).toMatchObject(rejection);
    const statements = await listStatementsOf(app, async () => {
      for (const malformed of ['', 'x', mintToken('tenantry_session').token]) {
        expect(await reset(malformed)).toMatchObject(rejection);
      }
    });
    expect(statements).toEqual([]);
    expect(hashes).not.toHaveBeenCalled();
    hashes.mockRestore();
  });
});

describe('a request for a reset', () => {
  const query = `mutation ($email: String!) { requestPasswordReset(input: { email: $email }) {
    __typename ... on RequestPasswordResetSuccess { ok } ... on Error { code message path }
    ... on RateLimitedError { retryAfterSeconds } } }`;

  /** Returns everything that the caller could notice, and the statements that ran. */
  async function observe(email: string) {
    let response = { status: 0, text: '' };
    const statements = await listStatementsOf(app, async () => {
      const { status, text } = await post(app, { query, variables: { email } });
      response = { status, text };
    });
    return { ...response, statements };
  }

  test('looks the same for known, unknown and suspended addresses; only the known one gets a mail', async () => {
    const known = await createPerson(app);
    const suspended = await createPerson(app);
    await app.owner.query(`update users set status = 'suspended' where id = $1`, [
      suspended.userUuid,
    ]);
    const before = await readMails(app);
    const [one, ...others] = [
      await observe(known.email),
      await observe('nobody@reset.example'),
      await observe(suspended.email),
    ];
    expect(JSON.parse(one?.text ?? '').data.requestPasswordReset).toEqual({
      __typename: 'RequestPasswordResetSuccess',
      ok: true,
    });
    for (const other of others) expect(other).toEqual(one);
    const fresh = (await readMails(app)).slice(before.length);
    expect(fresh.map(({ to }) => to)).toEqual([known.email]);
    for (const email of [known.email, 'nobody@reset.example', suspended.email]) {
      const again = JSON.parse((await observe(email)).text).data.requestPasswordReset;
      expect(again).toMatchObject({ code: 'RATE_LIMITED' });
      expect(again.retryAfterSeconds).toBeLessThanOrEqual(60);
    }
  });

  const requestFrom = async (source: string, email: string) => {
    const { data } = await app.ask(query, {
      variables: { email },
      headers: { 'x-forwarded-for': source },
    });
    return data.requestPasswordReset.code ?? null;
  };
  /** Ends the minute that must pass between two requests. */
  const skipSpacing = () => app.owner.query('update sign_in_budgets set blocked_until = now()');

  test('is accepted five times an hour per source and address, known or not', async () => {
    for (const email of [(await createPerson(app)).email, 'nobody@reset.example']) {
      const codes: (string | null)[] = [];
      for (let at = 0; at < 6; at += 1) {
        codes.push(await requestFrom('198.51.100.1', email));
        await skipSpacing();
      }
      expect(codes).toEqual([...Array(5).fill(null), 'RATE_LIMITED']);
    }
  });

  test('by strangers does not block the user’s own, and the mailbox always has a valid link', async () => {
    const person = await createPerson(app);
    for (let stranger = 1; stranger <= 40; stranger += 1) {
      expect(await requestFrom(`198.51.100.${stranger}`, person.email)).toBeNull();
    }
    const listResetMails = async () =>
      (await readMails(app, person.email)).filter(({ subject }) => subject.startsWith('Choose'));
    // Ten in an hour, then one in ten minutes, which is a third of the lifetime of a link.
    expect(await listResetMails()).toHaveLength(11);
    expect(await requestFrom('203.0.113.1', person.email)).toBeNull();
    expect(await listResetMails()).toHaveLength(11);
    expect(await reset((await readLastMail(app, person.email)).token)).toMatchObject({
      code: null,
    });
    await app.owner.query(
      `update sign_in_budgets set window_started_at = now() - interval '601 s' where bucket like '%:spaced'`,
    );
    expect(await requestFrom('203.0.113.2', person.email)).toBeNull();
    const { token } = (await listResetMails()).at(-1) ?? {};
    expect(await reset(token ?? null, 'a third harbour at dawn')).toMatchObject({ code: null });
  });

  test('is deleted once it is settled, for known and unknown addresses alike', async () => {
    const { email } = await createPerson(app);
    for (const to of [email, 'nobody@reset.example'])
      expect(await request(to)).toMatchObject({ code: null });
    await settleResets(app);
    const { rows } = await app.owner.query(
      `select email from password_reset_requests union all
       select recipient from mail_outbox where recipient = 'nobody@reset.example'`,
    );
    expect(rows).toEqual([]);
  });

  test('is settled by a job of the server', async () => {
    const { email } = await createPerson(app);
    await request(email);
    const read = () =>
      app.owner.query(`select count(*)::int as count from mail_outbox where recipient = $1`, [
        email,
      ]);
    await expect.poll(async () => (await read()).rows).toEqual([{ count: 2 }]);
  });

  test('is limited per source, however its IPv6 address is written', async () => {
    const strict = await startTestApp({ SIGN_UP_SOURCE_MAX: '2', TRUSTED_PROXY_HOPS: '1' });
    const requestAs = async (at: number, source: string) => {
      const { data } = await strict.ask(query, {
        variables: { email: `nobody-${at}@reset.example` },
        headers: { 'x-forwarded-for': source },
      });
      return data.requestPasswordReset.code ?? null;
    };
    expect(await requestAs(1, '2001:db8:1:2::1')).toBeNull();
    expect(await requestAs(2, '2001:DB8:1:2:ffff::9')).toBeNull();
    expect(await requestAs(3, '2001:db8:1:2:a:b:c:d')).toBe('RATE_LIMITED');
    expect(await requestAs(4, '2001:db8:1:3::1')).toBeNull();
    const { rows } = await strict.owner.query(
      `select bucket from sign_in_budgets where bucket like 'reset:%'`,
    );
    expect(rows).toHaveLength(3);
    await strict.close();
  });

  test('with a malformed address is rejected by the name of its field', async () => {
    expect(await request('no address')).toMatchObject({
      code: 'BAD_USER_INPUT',
      path: ['email'],
    });
  });

  test('is rejected when one operation has two of them, and neither runs', async () => {
    const { email } = await createPerson(app);
    const before = await readMails(app);
    const { text } = await post(app, {
      query: `mutation { a: requestPasswordReset(input: { email: "${email}" }) { __typename }
        b: requestPasswordReset(input: { email: "nobody@reset.example" }) { __typename } }`,
    });
    expect(JSON.parse(text)).toEqual({ errors: [expect.anything()] });
    expect(await readMails(app)).toEqual(before);
  });
});
