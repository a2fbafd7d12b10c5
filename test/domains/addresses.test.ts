import { describe, expect, test } from 'vitest';
import { startBareApp } from '../support/bare-app.ts';
import { send } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { importInto, toNdjson } from '../support/import-into.ts';
import { invite } from '../support/invitations.ts';
import { createPerson, createTeam } from '../support/people.ts';
import { startTestMail } from '../support/smtp.ts';

// Addresses in use that are more than ASCII with single dots: one notion of "the same address" for
// signing up, signing in, inviting and importing, and a mail that gets there.

const app = describeApp();

const password = 'slow violet tractors hum';

/** Each as its owner writes it, in another spelling, and as it is stored. */
const usable: readonly (readonly [written: string, other: string, stored: string])[] = [
  ['müller@example.com', 'MU\u0308LLER@EXAMPLE.com', 'müller@example.com'],
  [
    '최상수@example.com',
    '\u110e\u116c\u1109\u1161\u11bc\u1109\u116e@example.com',
    '최상수@example.com',
  ],
  ['Иван@пример.рф', 'иван@xn--e1afmkfd.xn--p1ai', 'иван@xn--e1afmkfd.xn--p1ai'],
  ['abc.@docomo.example', '"ABC."@docomo.example', 'abc.@docomo.example'],
  ['a..b@docomo.example', '"a..b"@docomo.example', 'a..b@docomo.example'],
];

/** What no account can have, and the character that the message names. */
const unusable: readonly (readonly [written: string, named: RegExp])[] = [
  ['"quoted user"@example.com', /quotes \("\)/],
  ['\u0430da@example.com', /"а" \(U\+0430\) is Cyrillic/],
  ['a\u200bda@example.com', /U\+200B/],
  ['\u212aim@example.com', /U\+212A\) before the @; write it as "K"/],
];

describe.each(usable)('%s', (written, other, stored) => {
  test('signs up, and signs in with each spelling of it, as one account', async () => {
    const signedUp = await send(app.ask, 'signUp', { email: written, password });
    expect([signedUp.code, signedUp.value?.user.email]).toEqual([null, stored]);
    expect(await send(app.ask, 'signUp', { email: other, password })).toMatchObject({
      code: 'CONFLICT',
      path: ['email'],
    });
    const signedIn = await send(app.ask, 'signIn', { email: other, password });
    expect(signedIn.value.user.email).toBe(stored);
    const wrong = await send(app.ask, 'signIn', { email: other, password: `${password}!` });
    expect(wrong.code).toBe('UNAUTHENTICATED');
  });

  test('is invited once, whichever way it is written', async () => {
    const team = await createTeam(app);
    const lines = [written, other].map((email) => ({ email, roleKeys: ['member'] }));
    const { value } = await invite(team, lines);
    expect(value.results).toMatchObject([
      { invitation: { email: stored }, error: null },
      { invitation: null, error: { code: 'CONFLICT' } },
    ]);
    const stranger = await createPerson(app);
    expect(await invite(team, lines, stranger.ask)).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('is the same address for an import', async () => {
    const rows = [{ email: other }, { email: written }];
    const { results } = await importInto(app, { format: 'ndjson', text: toNdjson(rows) });
    expect(results).toMatchObject([
      { email: stored, outcome: 'skipped' },
      { email: stored, outcome: 'skipped' },
    ]);
  });
});

describe.each(unusable)('%j', (written, named) => {
  test('is rejected everywhere, with the character that is the trouble', async () => {
    for (const mutation of ['signUp', 'signIn']) {
      const { data } = await app.ask(
        `mutation ($input: ${mutation === 'signUp' ? 'SignUpInput' : 'SignInInput'}!) {
          ${mutation}(input: $input) { ... on Error { code message path } } }`,
        { variables: { input: { email: written, password } } },
      );
      expect(data[mutation]).toMatchObject({ code: 'BAD_USER_INPUT', path: ['email'] });
      expect(data[mutation].message).toMatch(named);
    }
    const { results } = await importInto(app, {
      format: 'ndjson',
      text: toNdjson([{ email: written }]),
    });
    expect(results).toMatchObject([
      { email: written, outcome: 'invalid', field: 'email', reason: expect.stringMatching(named) },
    ]);
  });
});

describe('people whose address is more than ASCII', () => {
  test('can be imported and sign in', async () => {
    const email = 'Bjørn.Ødegård@imported.example';
    const owner = await createPerson(app);
    const { rows } = await app.owner.query(
      'select password_hash from password_credentials where user_id = $1',
      [owner.userUuid],
    );
    const row = { email, emailVerified: true, passwordHash: rows[0].password_hash };
    const { results } = await importInto(app, { format: 'ndjson', text: toNdjson([row]) });
    expect(results).toMatchObject([{ outcome: 'created' }]);
    const signedIn = await send(app.ask, 'signIn', { email, password: owner.password });
    expect(signedIn.value.user.email).toBe('bjørn.ødegård@imported.example');
  });

  test('get their mail: in UTF-8 where it has letters, in quotes where dots need them', async () => {
    const mail = await startTestMail();
    const server = await startBareApp({ SMTP_URL: mail.url, MAIL_FROM: 'post@tenantry.example' });
    // This server takes no `..`, not even in quotes, where RFC 5321 allows it.
    const deliverable = usable.map(([written]) => written).filter((email) => !email.includes('..'));
    try {
      for (const email of deliverable) {
        expect(await send(server.ask, 'signUp', { email, password })).toMatchObject({ code: null });
      }
      await expect.poll(() => mail.mails.length).toBe(deliverable.length);
      expect(mail.mails.map(({ to: [to] }) => to).sort()).toEqual([
        '"abc."@docomo.example',
        'müller@example.com',
        'иван@пример.рф',
        '최상수@example.com',
      ]);
      const letter = mail.mails.find(({ to: [to] }) => to === '"abc."@docomo.example');
      expect(letter?.raw).toMatch(/^To: .*"abc\."@docomo\.example/m);
      const verified = await send(server.ask, 'verifyEmail', { token: letter?.token });
      expect(verified.value.email).toBe('abc.@docomo.example');
    } finally {
      await server.close();
      await mail.stop();
    }
  });
});
