import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { sessionSettings } from '../../src/db/session-settings.ts';
import { runTenantry } from '../cli/fixture.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { runAt } from '../support/bare-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/cluster.ts';
import { createMember, createPlatformAdmin, createTeam } from '../support/people.ts';

// What people set on their databases for other programs: every default that the service relies on, turned into
// something else. Two servers on one database, one started before and one after, must not differ.

const contrary: Record<string, string> = {
  timezone: 'Asia/Kathmandu',
  datestyle: 'German, DMY',
  intervalstyle: 'iso_8601',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  client_encoding: 'LATIN1',
  xmlbinary: 'hex',
  xmloption: 'document',
  quote_all_identifiers: 'on',
  search_path: 'pg_catalog',
  standard_conforming_strings: 'off',
  array_nulls: 'off',
  transform_null_equals: 'on',
  row_security: 'off',
  gin_fuzzy_search_limit: '1',
  restrict_nonsystem_relation_kind: 'view',
  session_replication_role: 'replica',
  default_transaction_isolation: 'serializable',
  default_transaction_read_only: 'on',
  default_transaction_deferrable: 'on',
  synchronous_commit: 'off',
  exit_on_error: 'on',
  idle_session_timeout: '600000',
  transaction_timeout: '600000',
  jit: 'on',
  plan_cache_mode: 'force_generic_plan',
};

/** There is one locale alone in every server, and no start goes on where a default opens a scope (serving-settings.test.ts). */
const withoutContrary = /^(lc_|tenantry\.)/;

const queries = {
  viewer: `{ viewer { user { email createdAt } session { createdAt expiresAt }
    memberships { edges { node { tenant { name slug createdAt } roles { key } permissions } } } } }`,
  members: `query ($id: ID!) { tenant(id: $id) { name memberships(first: 2) {
    edges { cursor node { user { email name } roles { key name } lastSignInAt metadata } }
    pageInfo { hasNextPage endCursor } } } }`,
  audit: `query ($id: ID!) { tenant(id: $id) { auditEvents(first: 50) {
    edges { cursor node { action at changes } } } } }`,
};

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function start(): Promise<TestApp> {
  const app = await startTestApp({}, { database: { ...database, drop: async () => undefined } });
  onTestFinished(app.close);
  return app;
}

test('every setting that the service relies on has its contrary here', () => {
  const names = Object.keys(sessionSettings).filter((name) => !withoutContrary.test(name));
  expect(Object.keys(contrary).sort()).toEqual(names.sort());
});

test('no response, no cursor and no command differs on a database with contrary defaults', async () => {
  const before = await start();
  const team = await createTeam(before);
  await createMember(before, team, 'member');
  await createMember(before, team, 'admin', 'viewer');
  const admin = await createPlatformAdmin(before);
  const readAll = async ({ ask }: TestApp) => {
    const read = (query: string, token: string) =>
      ask(query, { token, variables: { id: team.tenantId } });
    const answers = {
      viewer: await read(queries.viewer, team.owner.token),
      members: await read(queries.members, team.owner.token),
      audit: await read(queries.audit, team.owner.token),
      tenants: await read(
        '{ tenants(first: 100) { edges { cursor node { name memberCount owners { email } } } } }',
        admin.token,
      ),
    };
    const environment = { DATABASE_URL: database.ownerUrl };
    const commands = [
      ['tenant', 'list', '--json'],
      ['user', 'show', team.owner.email, '--json'],
      ['user', 'export'],
      ['audit', 'verify'],
    ];
    const printed: unknown[] = [];
    for (const command of commands) printed.push(await runTenantry(command, environment));
    return { answers, printed };
  };
  const usual = await readAll(before);
  expect(JSON.stringify(usual)).not.toMatch(/"errors"|"code":[1-9]/);

  const name = new URL(database.ownerUrl).pathname.slice(1);
  const statements = Object.entries(contrary).map(
    ([setting, value]) =>
      `alter database ${name} set ${setting} = ${setting === 'search_path' ? value : `'${value}'`}`,
  );
  await runAt(database.ownerUrl, statements.join('; '));
  // A connection that sets nothing has them.
  const { rows } = await runAt(database.ownerUrl, "select current_setting('timezone') as zone");
  expect(rows).toEqual([{ zone: 'Asia/Kathmandu' }]);
  const after = await start();
  expect(await readAll(after)).toEqual(usual);

  // And what is written: a sign-up, with the audit entry of its tenant, in a chain that holds.
  await createTeam(after);
  const { code, stdout } = await runTenantry(['audit', 'verify'], {
    DATABASE_URL: database.ownerUrl,
  });
  expect({ code, stdout }).toMatchObject({ code: 0 });
});
