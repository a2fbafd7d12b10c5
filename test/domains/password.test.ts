import { hash } from '@node-rs/argon2';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startTestApp } from '../support/app.ts';
import { isValid, openSession, post, send } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { readRows } from '../support/mutate.ts';
import { createPerson, type Person } from '../support/people.ts';

const app = describeApp();
afterEach(() => vi.restoreAllMocks());

let serial = 0;
const newEmail = () => `secret-keeper-${++serial}@password.example`;
const strongPassword = 'slow violet tractors hum';

/** A new user with this password. */
async function signUpWith(password: string): Promise<string> {
  const email = newEmail();
  expect(await send(app.ask, 'signUp', { email, password })).toMatchObject({ code: null });
  return email;
}

const trySignIn = async (email: string, password: string) =>
  (await send(app.ask, 'signIn', { email, password })).code;

async function readHash(email: string): Promise<string> {
  const { rows } = await app.owner.query<{ hash: string }>(
    `select password_hash as hash from password_credentials c
     join users u on u.id = c.user_id where u.email = $1`,
    [email],
  );
  return rows[0]?.hash ?? '';
}

async function storeHash(email: string, phc: string): Promise<void> {
  await app.owner.query(
    `update password_credentials c set password_hash = $2
     from users u where u.id = c.user_id and u.email = $1`,
    [email, phc],
  );
}

describe('a new password', () => {
  const words = 'ocean kettle marble willow thunder candle river saddle pepper lantern garden ';
  const ofLength = (length: number) =>
    words
      .repeat(300)
      .slice(0, length - 1)
      .concat('Q');
  const rejection = { code: 'BAD_USER_INPUT', path: ['password'] };
  const signUp = (password: string) => send(app.ask, 'signUp', { email: newEmail(), password });

  test.each([
    [14, rejection],
    [15, { code: null }],
    [128, { code: null }],
    [129, rejection],
    [10_000, rejection],
  ])('of %i characters results in %o', async (length, outcome) => {
    expect(await signUp(ofLength(length))).toMatchObject(outcome);
  });

  test('is counted in characters, not in bytes or code units', async () => {
    const letters = 'αβγδ🚲ζηθ🎈κλμν🧭ο';
    expect([...letters]).toHaveLength(15);
    expect(await signUp(letters)).toMatchObject({ code: null });
    expect(await signUp(letters.slice(0, -1))).toMatchObject(rejection);
  });

  test.each([
    'password123456789',
    'Passw0rd!Passw0rd!',
    'aaaaaaaaaaaaaaaaaaaa',
    '1234567890123456',
    'qwertyuiopasdfgh',
    'abcabcabcabcabcabc',
    'tenantrytenantry',
    'crocodilecrocodile',
    'spaceships.spaceships',
    'harbour-crew-harbour-crew-harbour-crew',
    '               ',
    'slow violet\0tractors hum',
    'slow violet\ntractors hum',
    'slow violet\ud800tractors hum',
  ])('%j is rejected, and is neither hashed, repeated nor stored', async (weak) => {
    const hashes = vi.spyOn(app.app.runtime.passwords, 'hash');
    const before = await readRows(app);
    const { text } = await post(app, {
      query: `mutation ($input: SignUpInput!) { signUp(input: $input) {
        ... on Error { code path message } } }`,
      variables: {
        input: {
          email: 'crocodile@spaceships.example',
          password: weak,
          tenantName: 'Harbour crew',
          tenantSlug: 'harbour-crew',
        },
      },
    });
    expect(JSON.parse(text).data.signUp).toMatchObject(rejection);
    expect(text).not.toContain(weak.trim() || 'no password');
    expect(hashes).not.toHaveBeenCalled();
    expect(await readRows(app)).toEqual(before);
  });
});

describe('the stored hash', () => {
  test('is argon2id with 19 MiB, 2 passes, 1 lane, a salt of 16 and a tag of 32 bytes', async () => {
    const phc = await readHash(await signUpWith(strongPassword));
    const [, algorithm, version, parameters, salt = '', tag = ''] = phc.split('$');
    expect([algorithm, version, parameters]).toEqual(['argon2id', 'v=19', 'm=19456,t=2,p=1']);
    expect(Buffer.from(salt, 'base64')).toHaveLength(16);
    expect(Buffer.from(tag, 'base64')).toHaveLength(32);
  });

  test('of one password differs from user to user', async () => {
    const [one, other] = [await signUpWith(strongPassword), await signUpWith(strongPassword)];
    expect(await readHash(one)).not.toBe(await readHash(other));
  });

  test('that is weaker than the setting is replaced at the next successful sign-in', async () => {
    const email = await signUpWith(strongPassword);
    const weak = await hash(strongPassword, { memoryCost: 8192, timeCost: 1, parallelism: 1 });
    await storeHash(email, weak);
    expect(await trySignIn(email, `${strongPassword}!`)).toBe('UNAUTHENTICATED');
    expect(await readHash(email)).toBe(weak);
    expect(await trySignIn(email, strongPassword)).toBeNull();
    const upgraded = await readHash(email);
    expect(upgraded).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await trySignIn(email, strongPassword)).toBeNull();
    expect(await readHash(email)).toBe(upgraded);
  });

  test('that is stronger than the setting is kept', async () => {
    const email = await signUpWith(strongPassword);
    const strong = await hash(strongPassword, { memoryCost: 32_768, timeCost: 3, parallelism: 1 });
    await storeHash(email, strong);
    expect(await trySignIn(email, strongPassword)).toBeNull();
    expect(await readHash(email)).toBe(strong);
  });
});

describe('a password', () => {
  test.each([
    ['composed and decomposed', 'Zoë rows across Zürich'.normalize('NFC'), 'NFD'],
    ['decomposed and composed', 'Zoë rows across Zürich'.normalize('NFD'), 'NFC'],
    ['full-width and plain', 'ｓｌｏｗ violet tractors hum', 'NFKC'],
  ] as const)('is the same in two forms: %s', async (_, password, otherForm) => {
    const other = password.normalize(otherForm);
    expect(other).not.toBe(password);
    const email = await signUpWith(password);
    expect(await trySignIn(email, password)).toBeNull();
    expect(await trySignIn(email, other)).toBeNull();
  });

  test('matches only in full: nothing is truncated, case-folded or trimmed', async () => {
    const long = 'Seven brown otters drift downstream past the mill while evening rain fa1';
    expect(Buffer.byteLength(`${long}x`)).toBe(73);
    const email = await signUpWith(`${long}x`);
    for (const wrong of [`${long}y`, long, `${long}x `, `${long}x`.toLowerCase()]) {
      expect(await trySignIn(email, wrong)).toBe('UNAUTHENTICATED');
    }
    expect(await trySignIn(email, `${long}x`)).toBeNull();
  });
});

describe('changePassword', () => {
  const next = 'patient lighthouse over gravel';
  const change = (person: Pick<Person, 'ask'>, input: object) =>
    send(person.ask, 'changePassword', input);

  test('changes the password, ends all other sessions at once, and keeps this one', async () => {
    const person = await createPerson(app);
    const stranger = await createPerson(app);
    const others = [await openSession(app, person), await openSession(app, person)];
    const { value } = await change(person, { currentPassword: person.password, newPassword: next });
    expect(value).toEqual({ revokedCount: 2 });
    expect(await Promise.all(others.map(isValid))).toEqual([false, false]);
    expect(await isValid(person)).toBe(true);
    expect(await isValid(stranger)).toBe(true);
    expect(await trySignIn(person.email, person.password)).toBe('UNAUTHENTICATED');
    expect(await trySignIn(person.email, next)).toBeNull();
  });

  test('with a wrong current password changes nothing and ends no session', async () => {
    const person = await createPerson(app);
    const other = await openSession(app, person);
    const before = await readRows(app);
    const input = { currentPassword: 'not the password of anybody', newPassword: next };
    expect(await change(person, input)).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await readRows(app)).toEqual(before);
    expect(await isValid(other)).toBe(true);
  });

  test("rejects another user's password as the current one", async () => {
    const [person, stranger] = [await createPerson(app), await createPerson(app)];
    const before = await readRows(app);
    const input = { currentPassword: stranger.password, newPassword: next };
    expect(await change(person, input)).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await readRows(app)).toEqual(before);
  });

  test.each([
    'too short',
    'password123456789',
    'x'.repeat(129),
    'patient\0lighthouse over gravel',
    'patient\ud800lighthouse over gravel',
  ])('to %j is rejected before any hash is computed', async (newPassword) => {
    const person = await createPerson(app);
    const { passwords } = app.app.runtime;
    const hashes = [vi.spyOn(passwords, 'hash'), vi.spyOn(passwords, 'verify')];
    const before = await readRows(app);
    const input = { currentPassword: person.password, newPassword };
    const rejection = { code: 'BAD_USER_INPUT', path: ['newPassword'] };
    expect(await change(person, input)).toMatchObject(rejection);
    for (const spy of hashes) expect(spy).not.toHaveBeenCalled();
    expect(await readRows(app)).toEqual(before);
  });

  test('requires a session, and takes no user from the input', async () => {
    const victim = await createPerson(app);
    const before = await readRows(app);
    const input = { currentPassword: victim.password, newPassword: next };
    expect(await change(app, input)).toMatchObject({ code: 'UNAUTHENTICATED' });
    const attacker = await createPerson(app);
    const named = await change(attacker, { ...input, userId: victim.userId });
    expect(named).toMatchObject({ code: 'BAD_USER_INPUT', path: null });
    expect(await readRows(app)).toEqual(expect.arrayContaining(before));
  });
});

test('sign-ins beyond the queue of hashes are rejected as unavailable, and the others succeed', async () => {
  const small = await startTestApp({
    PASSWORD_HASH_CONCURRENCY: '1',
    PASSWORD_HASH_QUEUE_MAX: '1',
    SIGN_IN_FREE_FAILURES: '100',
  });
  try {
    const { email, password } = await createPerson(small);
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, () => send(small.ask, 'signIn', { email, password })),
    );
    const codes = new Set(outcomes.map(({ code }) => code));
    expect(codes).toEqual(new Set([null, 'UNAVAILABLE']));
    expect(await send(small.ask, 'signIn', { email, password })).toMatchObject({ code: null });
    const guesses = await Promise.all(
      Array.from({ length: 12 }, () => send(small.ask, 'signIn', { email, password: 'guessed' })),
    );
    const verified = guesses.filter(({ code }) => code === 'UNAUTHENTICATED').length;
    const { rows } = await small.owner.query(
      `select failures from sign_in_budgets where bucket like 'account:%'`,
    );
    expect(verified).toBeGreaterThan(0);
    expect(rows, 'rejected sign-ins are not counted').toEqual([{ failures: verified }]);
  } finally {
    await small.close();
  }
});

test('a sign-in that finds the queue of hashes full is not counted as an attempt', async () => {
  const full = await startTestApp({
    PASSWORD_HASH_CONCURRENCY: '1',
    PASSWORD_HASH_QUEUE_MAX: '0',
  });
  // The slot is taken again in the same tick in which it becomes free, so no request ever gets it.
  let isDone = false;
  const occupy = async () => {
    while (!isDone) await full.app.runtime.passwords.hash('a sentence that takes up the place');
  };
  const occupied = occupy();
  try {
    const email = newEmail();
    const outcome = await send(full.ask, 'signIn', { email, password: 'not the right one' });
    expect(outcome.code).toBe('UNAVAILABLE');
    const { rows } = await full.owner.query('select bucket from sign_in_budgets');
    expect(rows).toEqual([]);
  } finally {
    isDone = true;
    await occupied;
    await full.close();
  }
});
