import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPerson } from '../support/people.ts';
import { startTwoProcesses, type TwoProcesses } from '../support/two-processes.ts';

// Attempts under way are known to all processes, not to the one that has them in hand alone.

let both: TwoProcesses;
beforeAll(async () => {
  both = await startTwoProcesses();
});
afterAll(() => both.close());

const mutation = `mutation ($email: String!, $password: String!) {
  signIn(input: { email: $email, password: $password }) { __typename } }`;

/** So many attempts at once, every other one at the other process. */
async function signInAtOnce(count: number, variables: { email: string; password: string }) {
  const { here, there } = both;
  const outcomes = await Promise.all(
    Array.from({ length: count }, async (_, at) => {
      const { data } = await (at % 2 ? there : here).ask(mutation, { variables });
      return data.signIn.__typename as string;
    }),
  );
  return Object.fromEntries(
    [...new Set(outcomes)].map((name) => [name, outcomes.filter((one) => one === name).length]),
  );
}

test('right passwords at once are let in by both', async () => {
  const { email, password } = await createPerson(both.here);
  expect(await signInAtOnce(16, { email, password })).toEqual({ SignInSuccess: 16 });
});

test('of 50 wrong passwords at once both together check five', async () => {
  const { email } = await createPerson(both.here);
  expect(await signInAtOnce(50, { email, password: 'not the password of anybody' })).toEqual({
    InvalidCredentialsError: 5,
    RateLimitedError: 45,
  });
});
