import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createPerson, type Person } from '../support/people.ts';

const sessionsMax = 3;

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ SESSIONS_PER_USER_MAX: String(sessionsMax) });
});
afterAll(() => app.close());

const signInMutation = `mutation ($email: String!, $password: String!) {
  signIn(input: { email: $email, password: $password }) { __typename } }`;

async function signIn({ email, password }: Person, headers: Record<string, string> = {}) {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-tenantry-csrf': '1', ...headers },
    body: JSON.stringify({ query: signInMutation, variables: { email, password } }),
  });
  expect(await response.json()).toEqual({ data: { signIn: { __typename: 'SignInSuccess' } } });
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
}

/** What a person's own chain says of sessions that ended, and by whom. */
async function listEnds({ userUuid }: Person) {
  const { rows } = await app.owner.query(
    `select action, actor_id from audit_events
     where chain_id = $1 and action like 'session.%' and action <> 'session.opened'
     order by sequence`,
    [userUuid],
  );
  return rows;
}

test('a sign-in that replaces a kept session tells the audit log of it', async () => {
  const person = await createPerson(app);
  const cookie = await signIn(person, { 'x-tenantry-session': 'cookie' });
  expect(cookie).toMatch(/^__Host-tenantry_session=./);
  await signIn(person, { cookie });
  expect(await listEnds(person)).toEqual([
    { action: 'session.replaced', actor_id: person.userUuid },
  ]);
});

test('each session that ends because there are too many stands in the audit log', async () => {
  const person = await createPerson(app);
  // Signing up has opened the first one.
  for (let opened = 1; opened < sessionsMax + 2; opened += 1) await signIn(person);
  const evicted = { action: 'session.evicted', actor_id: person.userUuid };
  expect(await listEnds(person)).toEqual([evicted, evicted]);
});

test('a session that two requests end at once is notified of once', async () => {
  const person = await createPerson(app);
  const signOut = 'mutation { signOut { __typename } }';
  await Promise.all(Array.from({ length: 4 }, () => person.ask(signOut)));
  expect(await listEnds(person)).toEqual([{ action: 'session.closed', actor_id: person.userUuid }]);
});
