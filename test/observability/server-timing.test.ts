import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createPerson, type Person } from '../support/people.ts';

const signIn = `mutation ($input: SignInInput!) {
  signIn(input: $input) { ... on SignInSuccess { token } ... on Error { code } } }`;

let app: TestApp;
let untimed: TestApp;
let person: Person;
beforeAll(async () => {
  app = await startTestApp({ SERVER_TIMING: 'on' });
  untimed = await startTestApp({ SERVER_TIMING: 'off' });
  person = await createPerson(app);
});
afterAll(async () => {
  await app.close();
  await untimed.close();
});

async function send(to: TestApp, input: object, accept = 'application/json') {
  const response = await fetch(`${to.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify({ query: signIn, variables: { input } }),
  });
  return { timing: response.headers.get('server-timing'), body: await response.text() };
}

describe.each(['application/json', 'text/event-stream'])('a response in %s', (accept) => {
  test('has the time of the password hash after a successful sign-in', async () => {
    const { email, password } = person;
    const { timing, body } = await send(app, { email, password }, accept);
    expect(body).toContain('tenantry_session_');
    expect(timing).toMatch(/^hash;dur=\d+\.\d\d$/);
  });

  test('has no timing after an error, for a known e-mail address or not', async () => {
    for (const email of [person.email, 'nobody@people.example']) {
      const { timing, body } = await send(app, { email, password: 'a wrong one' }, accept);
      expect(body).toContain('UNAUTHENTICATED');
      expect(timing).toBeNull();
    }
  });
});

test('a response has no timing if the setting is off', async () => {
  const { email, password } = await createPerson(untimed);
  const { timing, body } = await send(untimed, { email, password });
  expect(body).toContain('tenantry_session_');
  expect(timing).toBeNull();
});

test('the setting is off by default in production', () => {
  const secret = 'x'.repeat(32);
  const { server } = loadConfig({ NODE_ENV: 'production', TENANTRY_SECRET: secret });
  expect(server.serverTiming).toBe(false);
});
