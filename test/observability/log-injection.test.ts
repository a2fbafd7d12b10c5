import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BareApp, startBareApp } from '../support/bare-app.ts';

// Texts that a caller chooses and that are logged, stored or shown to others.

let app: BareApp;
beforeAll(async () => {
  app = await startBareApp();
});
afterAll(() => app.close());

/** What HTTP lets through in a header: a tab, and control characters from U+0080 on. */
const steering = '\u009b31m';

function post(body: object, headers: Record<string, string>): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${app.url}/graphql`,
      { method: 'POST', headers: { 'content-type': 'application/json', ...headers } },
      (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve({ ...JSON.parse(text), id: response.headers['x-request-id'] }),
        );
      },
    );
    outgoing.on('error', reject);
    // Bytes, or Node would send the headers too as UTF-8.
    outgoing.end(Buffer.from(JSON.stringify(body)));
  });
}

const signUp = `mutation ($email: String!) {
  signUp(input: { email: $email, password: "one long memorable sentence", name: "A" }) {
    ... on SignUpSuccess { session { userAgent } } ... on Error { message } } }`;

test('the name of a program is stored as one harmless line', async () => {
  const answer = await post(
    { query: signUp, variables: { email: 'agent@people.example' } },
    { 'user-agent': `Mozilla\t${steering} red ${'x'.repeat(1_000)}` },
  );
  const { userAgent } = (answer.data as { signUp: { session: { userAgent: string } } }).signUp
    .session;
  expect(userAgent).toMatch(/^Mozilla\ufffd\ufffd31m red x+$/);
  expect(userAgent).toHaveLength(512);
});

test.each([`injected\tid ${steering}`, 'x'.repeat(65), "1'; drop table users", ''])(
  'the id of a request that could do harm is replaced: %j',
  async (id) => {
    const answer = await post({ query: '{ __typename }' }, { 'x-request-id': id });
    expect(answer.id).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  },
);

test('nothing that a caller names an operation reaches the log', async () => {
  const name = `Evil${'n'.repeat(5_000)}`;
  const operationName = `${name}\nlevel=fatal ${steering}`;
  app.lines.length = 0;
  await post({ query: `query ${name} { __typename }`, operationName }, {});
  await post({ query: `query ${name} { nothing }`, operationName: name }, {});
  expect(app.lines.join('')).not.toContain('Evil');
});
