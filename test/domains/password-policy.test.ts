import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createTestDatabase } from '../support/cluster.ts';
import { send } from '../support/credentials.ts';
import { readLastMail } from '../support/mail.ts';
import { createPerson } from '../support/people.ts';

// Two servers on one database: one with the shortest minimum length that can be set, one with the longest.

const query = '{ passwordPolicy { lengthMin lengthMax usesBlocklist rules } }';
const eight = 'zt4Kq9Wb';
const eightTwice = 'mV7xLp2Y';
/** As long as the longest minimum requires. */
const sixtyFour = 'a quiet harbour before the storm, and forty gulls on the old sea';

let lenient: TestApp;
let strict: TestApp;
beforeAll(async () => {
  const database = await createTestDatabase();
  lenient = await startTestApp({ PASSWORD_LENGTH_MIN: '8' }, { database });
  // The first one drops the database, after this one is closed.
  const shared = { ...database, drop: async () => undefined };
  strict = await startTestApp({ PASSWORD_LENGTH_MIN: '64' }, { database: shared });
});
afterAll(async () => {
  await strict.close();
  await lenient.close();
});

async function trySignUp(app: TestApp, password: string, email = 'who@policy.example') {
  const { data } = await app.ask(
    `mutation ($input: SignUpInput!) { signUp(input: $input) { ... on Error { code message path } } }`,
    { variables: { input: { email, password } } },
  );
  return data.signUp;
}

describe('the password policy', () => {
  test('is returned as it is set, with a session, without one and with an invalid token', async () => {
    const person = await createPerson(lenient);
    for (const ask of [lenient.ask, person.ask]) {
      const { data, errors } = await ask(query);
      expect(errors).toBeUndefined();
      expect(data.passwordPolicy).toMatchObject({
        lengthMin: 8,
        lengthMax: 128,
        usesBlocklist: true,
      });
      expect(data.passwordPolicy.rules[0]).toContain('At least 8 and at most 128 characters');
    }
    const { data } = await strict.ask(query);
    expect(data.passwordPolicy.lengthMin).toBe(64);
    const wrongToken = await strict.ask(query, { token: 'nobody' });
    expect(wrongToken.data.passwordPolicy.lengthMin).toBe(64);
  });

  test('requires 15 characters by default', async () => {
    const app = await startTestApp();
    try {
      expect((await app.ask(query)).data.passwordPolicy.lengthMin).toBe(15);
      expect(await trySignUp(app, 'zt4Kq9Wb-zR2pL')).toEqual({
        code: 'BAD_USER_INPUT',
        message: '"password" must be at least 15 characters.',
        path: ['password'],
      });
    } finally {
      await app.close();
    }
  });

  test('names the minimum in its error, and counts characters, not bytes', async () => {
    expect(await trySignUp(lenient, 'zt4Kq9W')).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: '"password" must be at least 8 characters.',
    });
    expect(await trySignUp(lenient, 'ёжик🦔🌲')).toMatchObject({
      message: '"password" must be at least 8 characters.',
    });
    expect(await trySignUp(lenient, 'ёжик🦔🌲ун', 'hedgehog@policy.example')).toEqual({});
    expect(await trySignUp(strict, sixtyFour.slice(0, 63))).toMatchObject({
      message: '"password" must be at least 64 characters.',
    });
    expect(await trySignUp(strict, sixtyFour, 'long@policy.example')).toEqual({});
  });

  test('applies its blocklist even when short passwords are allowed', async () => {
    for (const password of ['password', 'qwerty12', '12345678', 'aaaaaaaa', 'policy-1']) {
      expect(await trySignUp(lenient, password), password).toMatchObject({
        code: 'BAD_USER_INPUT',
        path: ['password'],
      });
    }
  });
});

describe('a password that is shorter than a minimum raised later', () => {
  test('still signs in, but cannot be set by a change or a reset', async () => {
    const email = 'early@policy.example';
    expect(await send(lenient.ask, 'signUp', { email, password: eight })).toMatchObject({
      code: null,
    });
    const { code, value } = await send(strict.ask, 'signIn', { email, password: eight });
    expect(code).toBeNull();
    const wrong = await send(strict.ask, 'signIn', { email, password: eightTwice });
    expect(wrong.code).toBe('UNAUTHENTICATED');

    const ask: TestApp['ask'] = (query, options) =>
      strict.ask(query, { ...options, token: value.token });
    const change = (newPassword: string) =>
      send(ask, 'changePassword', { currentPassword: eight, newPassword });
    expect(await change(eightTwice)).toMatchObject({
      code: 'BAD_USER_INPUT',
      path: ['newPassword'],
    });
    await send(strict.ask, 'requestPasswordReset', { email });
    const { token } = await readLastMail(strict, email);
    const reset = (newPassword: string) =>
      send(strict.ask, 'resetPassword', { token, newPassword });
    expect(await reset(eightTwice)).toMatchObject({
      code: 'BAD_USER_INPUT',
      path: ['newPassword'],
    });
    expect(await reset(sixtyFour)).toMatchObject({ code: null });
    expect(await send(strict.ask, 'signIn', { email, password: sixtyFour })).toMatchObject({
      code: null,
    });
  });
});
