import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProgram } from '../support/api-keys.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type Collector, startCollector } from '../support/collector.ts';
import { createTeam } from '../support/people.ts';

let collector: Collector;
let app: TestApp;
beforeAll(async () => {
  collector = await startCollector();
  app = await startTestApp(collector.environment);
});
afterAll(() => collector.close());

test('a trace contains no secret, variable, literal or personal data', async () => {
  const { hashes, planted } = await useSecrets();
  await app.close();
  const bytes = Buffer.concat(collector.requests.map(({ body }) => body)).toString('latin1');
  expect(collector.listSpans().length).toBeGreaterThan(30);
  expect(bytes).toContain('select find_live_sessions');
  for (const secret of [...planted, ...hashes]) {
    expect(secret.length).toBeGreaterThan(7);
    expect(bytes.includes(secret), `${secret.slice(0, 8)}… is in a trace`).toBe(false);
  }
});

/** Uses secrets, with one in every place where a caller can put one. */
async function useSecrets(): Promise<{ planted: string[]; hashes: string[] }> {
  const team = await createTeam(app);
  const { owner } = team;
  const program = await createProgram(app, owner, team, 'members:read');
  await program.ask('{ viewer { apiKey { id } } }');
  await app.ask('{ viewer { user { id } } }', { token: `${owner.token}x` });
  await owner.ask(
    `mutation { updateProfile(input: { name: "literal-in-the-document" }) { __typename } }`,
  );
  await owner.ask('{ viewer { user { id(planted: "argument-of-a-mistake") } } }');
  await owner.ask(`query ($q: String!) { tenant(slug: $q) { id } }`, {
    variables: { q: 'variable-of-a-query' },
    headers: {
      cookie: 'planted=cookie-of-a-browser',
      tracestate: 'planted=state-of-a-trace',
      baggage: 'planted=baggage-of-a-trace',
      'user-agent': 'agent-of-a-caller',
    },
  });
  const signIn = (password: string) =>
    app.ask(`mutation ($input: SignInInput!) { signIn(input: $input) { __typename } }`, {
      variables: { input: { email: owner.email, password } },
    });
  await signIn(owner.password);
  await signIn('password-that-is-wrong');
  return {
    planted: [
      owner.token,
      program.token,
      owner.email,
      owner.password,
      'password-that-is-wrong',
      'literal-in-the-document',
      'argument-of-a-mistake',
      'variable-of-a-query',
      'cookie-of-a-browser',
      'state-of-a-trace',
      'baggage-of-a-trace',
      'agent-of-a-caller',
      'the tests know',
    ],
    hashes: await listHashes(),
  };
}

/** Returns every hash in the database, in each encoding. */
async function listHashes(): Promise<string[]> {
  const { rows } = await app.owner.query<{ hash: Buffer }>(
    `select token_hash as hash from sessions union all select token_hash from api_keys`,
  );
  const passwords = await app.owner.query<{ hash: string }>(
    'select password_hash as hash from password_credentials',
  );
  expect(rows.length).toBeGreaterThan(1);
  return [
    ...rows.flatMap(({ hash }) => [hash.toString('hex'), hash.toString('base64')]),
    ...passwords.rows.map(({ hash }) => hash),
  ];
}
