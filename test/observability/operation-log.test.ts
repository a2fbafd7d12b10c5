import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProgram } from '../support/api-keys.ts';
import { type BareApp, startBareApp } from '../support/bare-app.ts';
import { type Collector, startCollector } from '../support/collector.ts';
import { createTeam, type Team } from '../support/people.ts';

// Log lines about requests: one line each at the level debug, and the request id in every line that a request
// causes.

let collector: Collector;
let app: BareApp;
let team: Team;
beforeAll(async () => {
  collector = await startCollector();
  app = await startBareApp({ ...collector.environment, LOG_LEVEL: 'debug' });
  team = await createTeam(app);
});
afterAll(async () => {
  await app.close();
  await collector.close();
});

const listLines = (requestId: string, of = app.lines) =>
  of.map((line) => JSON.parse(line)).filter((line) => line.requestId === requestId);

const nameTenant = `query ($id: ID!) { tenant(id: $id) { name } }`;
const readAuditLog = `query ($id: ID!) { tenant(id: $id) { auditEvents(first: 1) { edges { node { id } } } } }`;

test('an operation has one line with its name, duration, tenant, request id and trace id', async () => {
  const headers = { 'x-request-id': 'request-of-a-member' };
  await team.owner.ask(nameTenant, { variables: { id: team.tenantId }, headers });
  const { traceId } = await collector.findOperation(headers['x-request-id']);
  expect(listLines(headers['x-request-id'])).toEqual([
    {
      level: 20,
      time: expect.any(String),
      msg: 'query tenant',
      requestId: headers['x-request-id'],
      tenantId: team.tenantUuid,
      traceId,
      ms: expect.any(Number),
    },
  ]);
});

test('the line of a rejected operation has its error codes, and no tenant without access', async () => {
  const other = await createTeam(app);
  const send = async (id: string, query: string, variables = {}) => {
    await other.owner.ask(query, { variables, headers: { 'x-request-id': id } });
    return listLines(id);
  };
  const input = { tenantId: team.tenantId, name: 'Stolen' };
  const rename =
    'mutation ($input: UpdateTenantInput!) { updateTenant(input: $input) { __typename } }';
  const [rejected] = await send('request-of-a-thief', rename, { input });
  expect(rejected).toMatchObject({ msg: 'mutation updateTenant', codes: ['NOT_FOUND'] });
  expect(rejected).not.toHaveProperty('tenantId');
  const [invalid] = await send('request-of-a-mistake', '{ nothing }');
  expect(invalid).toMatchObject({ msg: 'rejected', codes: ['GRAPHQL_VALIDATION_FAILED'] });
});

test('an operation with an API key always has the tenant of the key', async () => {
  const program = await createProgram(app, team.owner, team, 'members:read');
  const headers = { 'x-request-id': 'request-of-a-program' };
  await program.ask('{ viewer { apiKey { id } } }', { headers });
  expect(listLines(headers['x-request-id'])[0]).toMatchObject({ tenantId: team.tenantUuid });
});

test('without debug there is no such line, and an internal error still has request and tenant', async () => {
  const quiet = await startBareApp({ LOG_LEVEL: 'info' });
  try {
    const { owner, tenantId, tenantUuid } = await createTeam(quiet);
    expect(quiet.lines).toEqual([]);
    await quiet.asOwner('alter table audit_events rename to somewhere_else');
    const headers = { 'x-request-id': 'request-that-fails' };
    const { errors } = await owner.ask(readAuditLog, { variables: { id: tenantId }, headers });
    expect(errors?.[0]?.extensions.code).toBe('INTERNAL');
    const lines = quiet.lines.map((line) => JSON.parse(line));
    expect(lines).toEqual([
      expect.objectContaining({
        level: 50,
        msg: 'unexpected error',
        requestId: headers['x-request-id'],
        tenantId: tenantUuid,
      }),
    ]);
  } finally {
    await quiet.close();
  }
});

test('no line contains a secret of a caller, not even after an internal error', async () => {
  const secrets = await useSecrets();
  const text = app.lines.join('');
  expect(text).toContain('unexpected error');
  for (const secret of secrets) expect(text.includes(secret), secret.slice(0, 8)).toBe(false);
});

/** Sends secrets, breaks the database, and sends them again. */
async function useSecrets(): Promise<string[]> {
  const { owner } = team;
  const program = await createProgram(app, owner, team, 'members:read');
  const signIn = (password: string) =>
    app.ask('mutation ($input: SignInInput!) { signIn(input: $input) { __typename } }', {
      variables: { input: { email: owner.email, password } },
    });
  const useAll = async () => {
    await signIn(owner.password);
    await signIn('password-that-is-wrong');
    await program.ask('{ viewer { apiKey { id } } }');
    await owner.ask(nameTenant, {
      variables: { id: 'variable-of-a-query' },
      headers: { cookie: 'planted=cookie-of-a-browser' },
    });
  };
  await useAll();
  await app.asOwner('alter table sessions rename to somewhere_else');
  await useAll();
  return [
    owner.token,
    owner.password,
    owner.email,
    program.token,
    'password-that-is-wrong',
    'variable-of-a-query',
    'cookie-of-a-browser',
  ];
}
