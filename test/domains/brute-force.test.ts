import { beforeEach, expect, test } from 'vitest';
import { describeApp } from '../support/describe-app.ts';
import { createPerson, type Person } from '../support/people.ts';

const app = describeApp({ SIGN_IN_SOURCE_FAILURES_MAX: '20', TRUSTED_PROXY_HOPS: '1' });
beforeEach(() => app.owner.query('delete from sign_in_budgets'));

const signInMutation = `
  mutation ($email: String!, $password: String!) {
    signIn(input: { email: $email, password: $password }) {
      __typename
      ... on Error { code message }
      ... on RateLimitedError { retryAfterSeconds }
    }
  }`;

type Outcome = { __typename: string; code?: string; retryAfterSeconds?: number };

let address = 0;
/** An address that nobody has used before. */
const newSource = () => `198.51.${Math.floor(++address / 250)}.${(address % 250) + 1}`;

async function signIn(
  email: string,
  password: string,
  { source = newSource(), token }: { source?: string; token?: string } = {},
): Promise<Outcome> {
  const { data } = await app.ask(signInMutation, {
    variables: { email, password },
    headers: { 'x-forwarded-for': source },
    token: token ?? null,
  });
  return data.signIn;
}

const wrong = 'not the password of anybody';

/** Lets time pass for the budgets: the database's clock decides, so the rows are moved instead. */
async function pass(seconds: number): Promise<void> {
  await app.owner.query(
    `update sign_in_budgets set window_started_at = window_started_at - make_interval(secs => $1),
       blocked_until = blocked_until - make_interval(secs => $1)`,
    [seconds],
  );
}

/** Counts the password checks that `work` causes. */
async function countChecks(work: () => Promise<unknown>): Promise<number> {
  const { passwords } = app.app.runtime;
  const { verify } = passwords;
  let checks = 0;
  passwords.verify = (...args) => {
    checks += 1;
    return verify(...args);
  };
  await work();
  passwords.verify = verify;
  return checks;
}

test('50 wrong passwords at once cost at most 5 checks', async () => {
  const { email } = await createPerson(app);
  const checks = await countChecks(() =>
    Promise.all(Array.from({ length: 50 }, () => signIn(email, wrong))),
  );
  expect(checks).toBeGreaterThan(0);
  expect(checks).toBeLessThanOrEqual(5);
});

test('right passwords at once are never taken for wrong ones, however many', async () => {
  const source = newSource();
  for (const at of [8, 8, 8, 30]) {
    const { email, password } = await createPerson(app);
    const outcomes = await Promise.all(
      Array.from({ length: at }, () => signIn(email, password, { source })),
    );
    expect(outcomes.map((outcome) => outcome.__typename)).toEqual(Array(at).fill('SignInSuccess'));
  }
  const { rows } = await app.owner.query(
    `select failures, under_way from sign_in_budgets where bucket like 'source:%'`,
  );
  expect(rows).toEqual([{ failures: 0, under_way: 0 }]);
});

test('many people behind one address sign in at once, and one who guesses spends what is borne', async () => {
  const source = newSource();
  const people = await Promise.all(Array.from({ length: 30 }, () => createPerson(app)));
  const outcomes = await Promise.all(
    people.map(({ email, password }) => signIn(email, password, { source })),
  );
  expect(outcomes.map((outcome) => outcome.__typename)).toEqual(Array(30).fill('SignInSuccess'));
  const checks = await countChecks(() =>
    Promise.all(people.map(({ email }) => signIn(email, wrong, { source }))),
  );
  expect(checks).toBe(20);
});

test('a right password among 20 wrong ones at once neither opens the way for them nor stays counted', async () => {
  const { email, password } = await createPerson(app);
  const tries = Array.from({ length: 21 }, (_, at) => (at === 2 ? password : wrong));
  const checks = await countChecks(() => Promise.all(tries.map((typed) => signIn(email, typed))));
  // Five at first; the success clears the account, so at most five more.
  expect(checks).toBeLessThanOrEqual(10);
});

test('an attempt of a server that died counts as failed, and nobody waits for it for long', async () => {
  const { email, password } = await createPerson(app);
  for (let failure = 0; failure < 5; failure += 1) await signIn(email, wrong);
  await app.owner.query(
    `update sign_in_budgets set under_way = 5, blocked_until = now() + interval '1 minute',
       last_begun_at = now() - interval '11 seconds'`,
  );
  expect(await signIn(email, password)).toMatchObject({ code: 'RATE_LIMITED' });
  await pass(61);
  expect(await signIn(email, password)).toMatchObject({ __typename: 'SignInSuccess' });
});

test('anyone who holds a session of the account is delayed by its own failures alone', async () => {
  const { email, password, token, ask } = await createPerson(app);
  const confirm = async (typed: string) => {
    const { data } = await ask(
      `mutation ($typed: String!) { confirmPassword(input: { password: $typed }) {
        __typename ... on Error { code } } }`,
      { variables: { typed }, headers: { 'x-forwarded-for': newSource() } },
    );
    return data.confirmPassword.code ?? null;
  };
  for (let failure = 0; failure < 6; failure += 1) await signIn(email, wrong);
  expect(await signIn(email, password)).toMatchObject({ code: 'RATE_LIMITED' });
  expect(await confirm(password)).toBeNull();
  for (let failure = 0; failure < 5; failure += 1)
    expect(await confirm(wrong)).toBe('UNAUTHENTICATED');
  expect(await confirm(password)).toBe('RATE_LIMITED');
  expect(await signIn(email, password, { token })).toMatchObject({ code: 'RATE_LIMITED' });
  // Another device without a session is not delayed by that.
  expect(await signIn(email, password)).toMatchObject({ __typename: 'SignInSuccess' });
});

test('an account that 100 failures have shut is shut on every way that takes a password', async () => {
  const { email, password, ask } = await createPerson(app);
  await signIn(email, wrong);
  await app.owner.query('update sign_in_budgets set consecutive = 100');
  const answer = async (mutation: string) => {
    const { data } = await ask(`mutation { result: ${mutation} { ... on Error { code } } }`);
    return data.result.code;
  };
  expect(await answer(`confirmPassword(input: { password: "${password}" })`)).toBe('RATE_LIMITED');
  expect(
    await answer(
      `changePassword(input: { currentPassword: "${password}", newPassword: "another harbour at dusk" })`,
    ),
  ).toBe('RATE_LIMITED');
});

test('after 5 failures each further one doubles the delay, up to 15 minutes', async () => {
  const { email } = await createPerson(app);
  for (let failure = 0; failure < 5; failure += 1) {
    expect(await signIn(email, wrong)).toMatchObject({ code: 'UNAUTHENTICATED' });
  }
  for (const seconds of [1, 2, 4, 8, 16]) {
    expect(await signIn(email, wrong)).toMatchObject({
      __typename: 'RateLimitedError',
      retryAfterSeconds: seconds,
    });
    await pass(seconds);
    expect(await signIn(email, wrong)).toMatchObject({ code: 'UNAUTHENTICATED' });
  }
  await app.owner.query(
    `update sign_in_budgets set failures = 60, blocked_until = now() where bucket like 'account:%'`,
  );
  await signIn(email, wrong);
  expect(await signIn(email, wrong)).toMatchObject({ retryAfterSeconds: 900 });
});

test('the failures are forgotten when the window has passed', async () => {
  const { email } = await createPerson(app);
  for (let failure = 0; failure < 5; failure += 1) await signIn(email, wrong);
  await pass(901);
  for (let failure = 0; failure < 5; failure += 1) {
    expect(await signIn(email, wrong)).toMatchObject({ code: 'UNAUTHENTICATED' });
  }
});

test('a success clears the failures of the account', async () => {
  const { email, password } = await createPerson(app);
  for (let failure = 0; failure < 4; failure += 1) await signIn(email, wrong);
  expect(await signIn(email, password)).toMatchObject({ __typename: 'SignInSuccess' });
  for (let failure = 0; failure < 5; failure += 1) {
    expect(await signIn(email, wrong)).toMatchObject({ code: 'UNAUTHENTICATED' });
  }
});

test('after 100 consecutive failures even the right password is refused', async () => {
  const { email, password, token } = await createPerson(app);
  await signIn(email, wrong);
  await app.owner.query('update sign_in_budgets set consecutive = 99');
  await signIn(email, wrong);
  await pass(1000);
  expect(await signIn(email, password)).toMatchObject({ code: 'RATE_LIMITED' });
  expect(await signIn(email, password, { token })).toMatchObject({ code: 'RATE_LIMITED' });
  await pass(86_400);
  expect(await signIn(email, password)).toMatchObject({ code: 'RATE_LIMITED' });
});

test('somebody who is shut out by an attacker still signs in from a device with a session', async () => {
  const { email, password, token } = await createPerson(app);
  for (let failure = 0; failure < 6; failure += 1) await signIn(email, wrong);
  expect(await signIn(email, password)).toMatchObject({ code: 'RATE_LIMITED' });
  const other = await createPerson(app);
  expect(await signIn(email, password, { token: other.token })).toMatchObject({
    code: 'RATE_LIMITED',
  });
  expect(await signIn(email, password, { token })).toMatchObject({ __typename: 'SignInSuccess' });
});

test('unknown addresses are delayed exactly like known ones', async () => {
  const { email } = await createPerson(app);
  const outcomesOf = async (address: string) => {
    const outcomes: Outcome[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) outcomes.push(await signIn(address, wrong));
    return outcomes;
  };
  expect(await outcomesOf('nobody@people.example')).toEqual(await outcomesOf(email));
});

test('20 failures from one source are borne, over all accounts', async () => {
  const source = newSource();
  for (let failure = 0; failure < 20; failure += 1) {
    const outcome = await signIn(`nobody-${failure}@people.example`, wrong, { source });
    expect(outcome).toMatchObject({ code: 'UNAUTHENTICATED' });
  }
  const { email, password } = await createPerson(app);
  expect(await signIn(email, password, { source })).toMatchObject({ code: 'RATE_LIMITED' });
  expect(await signIn(email, password)).toMatchObject({ __typename: 'SignInSuccess' });
});

test('all addresses of one IPv6 /64 and all spellings are one source', async () => {
  const sources = [
    '2001:db8:1:2::1',
    '2001:0db8:0001:0002:0000:0000:0000:0001',
    '2001:DB8:1:2:ffff::9',
    '2001:db8:1:2:a:b:c:d',
  ];
  for (const source of sources) await signIn('nobody@people.example', wrong, { source });
  const { rows } = await app.owner.query(
    `select bucket, failures from sign_in_budgets where bucket like 'source:%'`,
  );
  expect(rows).toEqual([{ bucket: 'source:2001:db8:1:2::/64', failures: 4 }]);
});

test('signing in rightly costs the source nothing', async () => {
  const source = newSource();
  const { email, password } = await createPerson(app);
  for (let round = 0; round < 25; round += 1) {
    expect(await signIn(email, password, { source })).toMatchObject({
      __typename: 'SignInSuccess',
    });
  }
});

test('a wrong current password spends the same budget, and holding a session earns no leniency', async () => {
  const person: Person = await createPerson(app);
  const change = async () => {
    const { data } = await person.ask(
      `mutation ($wrong: String!) { changePassword(input: {
        currentPassword: $wrong, newPassword: "another harbour at dusk" }) {
        ... on Error { code } } }`,
      { variables: { wrong }, headers: { 'x-forwarded-for': newSource() } },
    );
    return data.changePassword.code;
  };
  for (let failure = 0; failure < 5; failure += 1) expect(await change()).toBe('UNAUTHENTICATED');
  expect(await change()).toBe('RATE_LIMITED');
});
