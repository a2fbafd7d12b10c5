import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BareApp, startBareApp } from '../support/bare-app.ts';

// Texts chosen by a caller that are logged, stored or shown to others.

let app: BareApp;
beforeAll(async () => {
  app = await startBareApp();
});
afterAll(() => app.close());

/** A terminal escape that HTTP allows in a header: control characters from U+0080 are valid there. */
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
    // As bytes, because for a string Node would send the headers as UTF-8 too.
    outgoing.end(Buffer.from(JSON.stringify(body)));
  });
}

const signUp = `mutation ($email: String!) {
  signUp(input: { email: $email, password: "one long memorable sentence", name: "A" }) {
    ... on SignUpSuccess { session { userAgent } } ... on Error { message } } }`;

test('a user agent is stored as one line without control characters', async () => {
  const response = await post(
    { query: signUp, variables: { email: 'agent@people.example' } },
    { 'user-agent': `Mozilla\t${steering} red ${'x'.repeat(1_000)}` },
  );
  const { userAgent } = (response.data as { signUp: { session: { userAgent: string } } }).signUp
    .session;
  expect(userAgent).toMatch(/^Mozilla\ufffd\ufffd31m red x+$/);
  expect(userAgent).toHaveLength(512);
});

test.each([`injected\tid ${steering}`, 'x'.repeat(65), "1'; drop table users", ''])(
  'a malformed request id is replaced: %j',
  async (id) => {
    const response = await post({ query: '{ __typename }' }, { 'x-request-id': id });
    expect(response.id).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  },
);

test('the operation name of a caller does not reach the log', async () => {
  const name = `Evil${'n'.repeat(5_000)}`;
  const operationName = `${name}\nlevel=fatal ${steering}`;
  app.lines.length = 0;
  await post({ query: `query ${name} { __typename }`, operationName }, {});
  await post({ query: `query ${name} { nothing }`, operationName: name }, {});
  expect(app.lines.join('')).not.toContain('Evil');
});
