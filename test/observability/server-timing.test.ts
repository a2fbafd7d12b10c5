import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createPerson, type Person } from '../support/people.ts';

const signIn = `mutation ($input: SignInInput!) {
  signIn(input: $input) { ... on SignInSuccess { token } ... on Error { code } } }`;

let app: TestApp;
let silent: TestApp;
let person: Person;
beforeAll(async () => {
  app = await startTestApp({ SERVER_TIMING: 'on' });
  silent = await startTestApp({ SERVER_TIMING: 'off' });
  person = await createPerson(app);
});
afterAll(async () => {
  await app.close();
  await silent.close();
});

async function send(to: TestApp, input: object, accept = 'application/json') {
  const response = await fetch(`${to.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify({ query: signIn, variables: { input } }),
  });
  return { timing: response.headers.get('server-timing'), body: await response.text() };
}

describe.each(['application/json', 'text/event-stream'])('answers in %s', (accept) => {
  test('say after a good sign-in how long its hash took', async () => {
    const { email, password } = person;
    const { timing, body } = await send(app, { email, password }, accept);
    expect(body).toContain('tenantry_session_');
    expect(timing).toMatch(/^hash;dur=\d+\.\d\d$/);
  });

  test('say nothing on an error, known e-mail address or not', async () => {
    for (const email of [person.email, 'nobody@people.example']) {
      const { timing, body } = await send(app, { email, password: 'a wrong one' }, accept);
      expect(body).toContain('UNAUTHENTICATED');
      expect(timing).toBeNull();
    }
  });
});

test('switched off, nothing is said', async () => {
  const { email, password } = await createPerson(silent);
  const { timing, body } = await send(silent, { email, password });
  expect(body).toContain('tenantry_session_');
  expect(timing).toBeNull();
});

test('production says nothing unless it is asked to', () => {
  const secret = 'x'.repeat(32);
  const { server } = loadConfig({ NODE_ENV: 'production', TENANTRY_SECRET: secret });
  expect(server.serverTiming).toBe(false);
});
