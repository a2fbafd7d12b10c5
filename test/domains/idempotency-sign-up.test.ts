import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { create, createWithRetries } from '../support/creations.ts';
import { isValid, post, send, toOpenSession } from '../support/credentials.ts';
import { countRows, manage, readAuditLog } from '../support/life-cycle.ts';
import { readRows } from '../support/mutate.ts';
import { toUuid } from '../support/people.ts';

let app: TestApp;
beforeAll(async () => {
  // Sixteen passwords hashed at once take their time on a busy machine.
  app = await startTestApp({ REQUEST_TIMEOUT_MS: '30000' });
});
afterAll(() => app.close());

let serial = 0;
const newcomer = () => ({
  email: `newcomer-${++serial}@once.example`,
  password: 'slow violet tractors hum',
  name: 'Nora',
  tenantName: `Once ${serial}`,
  idempotencyKey: randomUUID(),
});
const signUp = (input: object) => create(app.ask, 'signUp', input);
const countUsers = (email: string) => countRows(app, 'users where email = $1', email);

describe('a sign-up that is sent again', () => {
  test('gives the same good session, and makes nobody twice', async () => {
    const input = newcomer();
    const first = await signUp(input);
    expect(first).toMatchObject({
      code: null,
      value: { session: { isCurrent: true, user: { id: first.value.user.id } } },
    });
    expect(await signUp(input)).toEqual(first);
    expect(await isValid(toOpenSession(app, first.value.token))).toBe(true);
    const userUuid = toUuid(first.value.user.id);
    expect(await countRows(app, 'sessions where user_id = $1', userUuid)).toBe(1);
    expect(await countUsers(input.email)).toBe(1);
    const auditLog = await readAuditLog(app, userUuid);
    expect(auditLog.map(({ action }) => action)).toEqual(['user.signed_up']);
  });

  test('sixteen times at once makes one user with one session', async () => {
    const input = newcomer();
    const sixteen = Array.from({ length: 16 }, () => createWithRetries(app.ask, 'signUp', input));
    const answers = await Promise.all(sixteen);
    const tokens = new Set(answers.map(({ value }) => value?.token));
    expect(answers.map(({ code }) => code)).toEqual(answers.map(() => null));
    expect(tokens.size).toBe(1);
    expect(await countUsers(input.email)).toBe(1);
  });

  test('without a key is refused as before', async () => {
    const { idempotencyKey: _, ...input } = newcomer();
    await signUp(input);
    expect(await signUp(input)).toMatchObject({ code: 'CONFLICT', path: ['email'] });
  });

  test.each([
    ['password', { password: 'slow violet tractors hummed' }],
    ['e-mail address', { email: 'somebody-else@once.example' }],
    ['name', { name: null }],
    ['tenant', { tenantName: 'Another' }],
  ])('with another %s is refused, and changes nothing', async (_what, change) => {
    const input = newcomer();
    await signUp(input);
    const before = await readRows(app);
    expect(await signUp({ ...input, ...change })).toEqual({
      code: 'BAD_USER_INPUT',
      path: ['idempotencyKey'],
      value: null,
    });
    expect(await readRows(app)).toEqual(before);
  });

  test('counts as an attempt, so that nobody guesses passwords by it', async () => {
    const guarded = await startTestApp({ SIGN_UP_SOURCE_MAX: '2' });
    const input = newcomer();
    const codes = [];
    for (const password of [input.password, `${input.password}!`, input.password]) {
      codes.push((await create(guarded.ask, 'signUp', { ...input, password })).code);
    }
    await guarded.close();
    expect(codes).toEqual([null, 'BAD_USER_INPUT', 'RATE_LIMITED']);
  });
});

describe('a session that has ended since', () => {
  test('is answered as it was, and opens nothing', async () => {
    const input = newcomer();
    const { value: first } = await signUp(input);
    await send(toOpenSession(app, first.token).ask, 'signOut');
    const { errors } = await app.ask(
      `mutation ($input: SignUpInput!, $profile: UpdateProfileInput!) {
        signUp(input: $input) { ... on SignUpSuccess { token session { isCurrent } tenant { id } } }
        updateProfile(input: $profile) { __typename } }`,
      { variables: { input, profile: { name: 'Changed' } } },
    );
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['UNAUTHENTICATED']);
    const again = await app.ask(
      `mutation ($input: SignUpInput!) { signUp(input: $input) {
        ... on SignUpSuccess { token session { isCurrent } tenant { id } user { email } } } }`,
      { variables: { input } },
    );
    expect(again.data.signUp).toEqual({
      token: first.token,
      session: { isCurrent: false },
      tenant: null,
      user: { email: input.email },
    });
    expect(await isValid(toOpenSession(app, first.token))).toBe(false);
    expect(await countRows(app, 'users where name = $1', 'Changed')).toBe(0);
  });

  test('is nobody’s once its user was erased: the address is free again', async () => {
    const { tenantName: _, ...input } = newcomer();
    const { value: first } = await signUp(input);
    await manage(toOpenSession(app, first.token).ask, 'eraseUser', { userId: first.user.id });
    const second = await signUp(input);
    expect(second.code).toBeNull();
    expect(second.value.user.id).not.toBe(first.user.id);
  });
});

describe('in a browser', () => {
  const query = `mutation ($input: SignUpInput!) { signUp(input: $input) {
    ... on SignUpSuccess { token session { id isCurrent } } ... on Error { code } } }`;
  const asked = { 'x-tenantry-session': 'cookie' };
  const signUpOver = async (input: object, headers: Record<string, string> = asked) => {
    const reply = await post(app, { query, variables: { input } }, headers);
    const cookie = reply.headers.get('set-cookie');
    return { token: /__Host-tenantry_session=([^;]*);/.exec(cookie ?? '')?.[1], text: reply.text };
  };
  const cookieOf = (token: string | undefined) => ({
    cookie: `__Host-tenantry_session=${token}`,
    'x-tenantry-csrf': '1',
  });

  test('the same cookie is set again, and the token is shown neither time', async () => {
    const input = newcomer();
    const first = await signUpOver(input);
    expect(first.token).toMatch(/^tenantry_session_/);
    expect(await signUpOver(input)).toEqual(first);
    expect(first.text).toContain('"token":""');
  });

  test('a second try that comes with the cookie of the first ends nothing', async () => {
    const input = newcomer();
    const { token } = await signUpOver(input);
    const second = await signUpOver(input, cookieOf(token));
    expect(second.token).toBe(token);
    expect(second.text).toContain('"isCurrent":true');
    expect(await isValid(toOpenSession(app, String(token)))).toBe(true);
  });

  test('no cookie is set for a session that has ended', async () => {
    const input = newcomer();
    const { token } = await signUpOver(input);
    await send(toOpenSession(app, String(token)).ask, 'signOut');
    const second = await signUpOver(input);
    expect(second.token).toBeUndefined();
    expect(second.text).toContain('"isCurrent":false');
    expect(second.text).not.toContain(String(token));
  });
});
