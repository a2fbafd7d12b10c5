import { describe, expect, test } from 'vitest';
import { mintToken } from '../../src/lib/token.ts';
import { listStatementsOf } from '../support/app.ts';
import { openSession, post, send } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { readAuditLog } from '../support/life-cycle.ts';
import { readLastMail, readMails } from '../support/mail.ts';
import { createPerson, type Person } from '../support/people.ts';

const app = describeApp();

const refused = { code: 'BAD_USER_INPUT', path: ['token'] };

const verify = (token: string | null) => send(app.ask, 'verifyEmail', { token });

async function isVerified({ ask }: Pick<Person, 'ask'>): Promise<boolean> {
  const { data } = await ask('{ viewer { user { emailVerified } } }');
  return data.viewer.user.emailVerified;
}

async function readToken({ email }: Pick<Person, 'email'>): Promise<string> {
  return (await readLastMail(app, email)).token ?? '';
}

/** Lets time pass for what was counted: the database's clock decides, so the rows are moved. */
async function pass(seconds: number): Promise<void> {
  await app.owner.query(
    `update sign_in_budgets set window_started_at = window_started_at - make_interval(secs => $1),
       blocked_until = blocked_until - make_interval(secs => $1)`,
    [seconds],
  );
}

describe('signing up', () => {
  test('mails a link that proves the address, to anyone who follows it', async () => {
    const person = await createPerson(app);
    const mail = await readLastMail(app, person.email);
    expect(mail.subject).toBe('Please confirm your e-mail address');
    expect(mail.text).toContain('/dev/email-verification#token=tenantry_verify_');
    expect(await isVerified(person)).toBe(false);
    expect(await verify(mail.token)).toMatchObject({ code: null, value: { email: person.email } });
    expect(await isVerified(person)).toBe(true);
  });

  test('that is refused mails nothing', async () => {
    const { email } = await createPerson(app);
    const before = await readMails(app);
    const password = 'slow violet tractors hum';
    expect(await send(app.ask, 'signUp', { email, password })).toMatchObject({ code: 'CONFLICT' });
    expect(await readMails(app)).toEqual(before);
  });

  test('puts no address of the request into the link', async () => {
    const email = 'spoofed@verify.example';
    const { status } = await post(
      app,
      {
        query: `mutation { signUp(input: { email: "${email}", password: "slow violet tractors hum" }) {
          __typename } }`,
      },
      { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', origin: 'null' },
    );
    expect(status).toBe(200);
    expect((await readLastMail(app, email)).text).not.toContain('evil');
  });
});

describe('a token', () => {
  test('is good once, also for 16 who come with it at the same moment', async () => {
    const person = await createPerson(app);
    const token = await readToken(person);
    const outcomes = await Promise.all(Array.from({ length: 16 }, () => verify(token)));
    expect(outcomes.filter(({ code }) => code === null)).toHaveLength(1);
    expect(outcomes.filter(({ code }) => code === 'BAD_USER_INPUT')).toHaveLength(15);
    expect(await verify(token)).toMatchObject(refused);
  });

  test('is void once a newer one was asked for', async () => {
    const person = await createPerson(app);
    const first = await readToken(person);
    await pass(60);
    await send(person.ask, 'requestEmailVerification');
    const second = await readToken(person);
    expect(second).not.toBe(first);
    expect(await verify(first)).toMatchObject(refused);
    expect(await verify(second)).toMatchObject({ code: null });
  });

  test('proves the address it was sent to and no later one', async () => {
    const person = await createPerson(app);
    const token = await readToken(person);
    const change = 'update users set email = $2 where id = $1';
    await app.owner.query(change, [person.userUuid, `moved-${person.email}`]);
    expect(await verify(token)).toMatchObject(refused);
    expect(await isVerified(person)).toBe(false);
    await app.owner.query(change, [person.userUuid, person.email]);
    // Voided for good: an address that comes back proves nothing with an old link.
    expect(await verify(token)).toMatchObject(refused);
  });

  test('is good for 24 hours by the clock of the database', async () => {
    const person = await createPerson(app);
    const token = await readToken(person);
    const { rows } = await app.owner.query(
      `select extract(epoch from expires_at - created_at)::int as seconds from one_time_tokens
       where user_id = $1`,
      [person.userUuid],
    );
    expect(rows).toEqual([{ seconds: 86_400 }]);
    const expire = `update one_time_tokens set expires_at = now() + make_interval(secs => $2)
      where user_id = $1`;
    await app.owner.query(expire, [person.userUuid, -1]);
    expect(await verify(token)).toMatchObject(refused);
    await app.owner.query(expire, [person.userUuid, 60]);
    expect(await verify(token)).toMatchObject({ code: null });
  });

  test('for another purpose is refused, and so is that of a suspended user', async () => {
    const person = await createPerson(app);
    const token = await readToken(person);
    const newPassword = 'another harbour at dusk';
    const reset = await send(app.ask, 'resetPassword', { token, newPassword });
    expect(reset).toMatchObject(refused);
    await app.owner.query(
      `update one_time_tokens set purpose = 'password_reset' where user_id = $1`,
      [person.userUuid],
    );
    expect(await verify(token)).toMatchObject(refused);
    const other = await createPerson(app);
    await app.owner.query(`update users set status = 'suspended' where id = $1`, [other.userUuid]);
    expect(await verify(await readToken(other))).toMatchObject(refused);
  });

  test('that is junk, or changed in one character, costs no statement', async () => {
    const good = mintToken('tenantry_verify').token;
    const junk = ['', 'x', good.slice(0, -1), `${good}x`, good.replace('verify', 'reset')];
    junk.push(good.slice(0, 20) + (good[20] === 'a' ? 'b' : 'a') + good.slice(21));
    for (const token of junk) {
      const statements = await listStatementsOf(app, async () => {
        expect(await verify(token)).toMatchObject(refused);
      });
      expect(statements).toEqual([]);
    }
    expect(await verify(good)).toMatchObject(refused);
  });

  test('stands nowhere in the database, nor does any 12 characters of it', async () => {
    const { email } = await createPerson(app);
    await send(app.ask, 'requestPasswordReset', { email });
    const tokens = (await readMails(app, email)).map(({ token }) => token ?? '');
    expect(tokens).toHaveLength(2);
    const { rows: tables } = await app.owner.query<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c
       where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace`,
    );
    const pieces = tokens.map((token) => token.slice(-20, -8));
    for (const { name } of tables) {
      const { rows } = await app.owner.query(`select t::text as row from ${name} t`);
      const dump = JSON.stringify(rows);
      // Bytes are shown in hexadecimal, so what is hidden in them is looked for in that form too.
      const asHex = pieces.map((piece) => Buffer.from(piece).toString('hex'));
      for (const piece of [...pieces, ...asHex]) expect(dump, name).not.toContain(piece);
    }
  });
});

describe('asking for another mail', () => {
  test('is borne once a minute and five times an hour, counting that of the sign-up', async () => {
    const person = await createPerson(app);
    const request = () => send(person.ask, 'requestEmailVerification');
    expect(await request()).toMatchObject({ code: 'RATE_LIMITED' });
    for (let round = 0; round < 4; round += 1) {
      await pass(61);
      expect(await request()).toMatchObject({ code: null, value: { emailVerified: false } });
    }
    await pass(61);
    expect(await request()).toMatchObject({ code: 'RATE_LIMITED' });
    expect(await readMails(app, person.email)).toHaveLength(5);
    await pass(3_600);
    expect(await request()).toMatchObject({ code: null });
  });

  test('says when to try again, and leaves the link of the mail before good', async () => {
    const person = await createPerson(app);
    const { data } = await person.ask(
      'mutation { requestEmailVerification { ... on RateLimitedError { retryAfterSeconds } } }',
    );
    const { retryAfterSeconds } = data.requestEmailVerification;
    expect(retryAfterSeconds).toBeGreaterThan(0);
    expect(retryAfterSeconds).toBeLessThanOrEqual(60);
    expect(await verify(await readToken(person))).toMatchObject({ code: null });
  });

  test('is answered as done, without a mail, where the address is proven already', async () => {
    const person = await createPerson(app);
    await verify(await readToken(person));
    const before = await readMails(app, person.email);
    expect(await send(person.ask, 'requestEmailVerification')).toMatchObject({
      code: null,
      value: { emailVerified: true },
    });
    expect(await readMails(app, person.email)).toEqual(before);
  });

  test('takes a person who is signed in', async () => {
    expect(await send(app.ask, 'requestEmailVerification')).toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });
});

test('the audit log of the person reports both, and of no token', async () => {
  const person = await createPerson(app);
  await pass(61);
  await send(person.ask, 'requestEmailVerification');
  await verify(await readToken(person));
  const { userUuid } = person;
  const auditLog = (await readAuditLog(app, userUuid)).filter(({ action }) =>
    action.startsWith('email'),
  );
  expect(auditLog).toEqual([
    { action: 'email.verification_requested', actor: userUuid, target: userUuid, changes: {} },
    {
      action: 'email.verified',
      actor: userUuid,
      target: userUuid,
      changes: { emailVerified: [false, true] },
    },
  ]);
});

test('a person that is erased takes its mails and tokens along', async () => {
  const person = await createPerson(app);
  await send(app.ask, 'requestPasswordReset', { email: person.email });
  const { data } = await person.ask(
    'mutation ($id: ID!) { eraseUser(input: { userId: $id }) { __typename } }',
    { variables: { id: person.userId } },
  );
  expect(data.eraseUser.__typename).toBe('EraseUserSuccess');
  expect(await readMails(app, person.email)).toEqual([]);
  const { rows } = await app.owner.query(
    `select 'token' from one_time_tokens where user_id = $1
     union all select bucket from sign_in_budgets where bucket = 'verification:' || $1
       or bucket = 'reset:' || encode(sha256(convert_to($2, 'UTF8')), 'hex')`,
    [person.userUuid, person.email],
  );
  expect(rows).toEqual([]);
});

test('a session that is open sees at once that the address was proven elsewhere', async () => {
  const person = await createPerson(app);
  const elsewhere = await openSession(app, person);
  await verify(await readToken(person));
  expect(await isVerified(elsewhere)).toBe(true);
});
