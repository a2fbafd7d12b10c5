import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { buildAppUrl } from '../../src/db/serving/app-role.ts';
import { type Environment, runTenantry, startServing } from '../cli/fixture.ts';
import { runAt } from '../support/bare-app.ts';
import { waitUntil } from '../support/child.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/cluster.ts';
import { findPgBouncer, type Pooler, type PoolerSettings, startPooler } from '../support/pooler.ts';
import { rolesOf } from '../support/serving.ts';

vi.setConfig({ testTimeout: 90_000 });

const program = findPgBouncer();
const timeouts = 'statement_timeout,lock_timeout,idle_in_transaction_session_timeout';

let database: TestDatabase;
let pooler: Pooler;

beforeEach(async () => {
  database = await createEmptyDatabase();
});
afterEach(async () => {
  await pooler.close();
  await database.drop();
});

async function startPoolerWith(settings: PoolerSettings = {}): Promise<void> {
  pooler = await startPooler(program ?? '', [database.ownerUrl, database.appUrl], settings);
}

const common = {
  TENANTRY_SECRET: 'a secret that only the tests know',
  DEMO: 'off',
  LOG_LEVEL: 'warn',
};

/** Starts a server that must fail, and returns the one line that it prints. */
async function readRejection(environment: Environment): Promise<string> {
  const { code, stdout, stderr } = await runTenantry(['serve'], {
    PORT: '0',
    ...common,
    ...environment,
  });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr.trim().split('\n')).toHaveLength(1);
  return stderr.trim();
}

/** Starts a server, signs a user up and stops the server, all without warnings. */
async function serveOnce(environment: Environment): Promise<void> {
  const email = `ada-${randomUUID()}@firm.example`;
  const server = await startServing({ ...common, ...environment });
  const { data, errors } = await server.ask(`mutation {
    signUp(input: { email: "${email}", password: "a heron over the pond" }) {
      ... on SignUpSuccess { user { email } } ... on Error { code message } } }`);
  expect([data?.signUp, errors]).toEqual([{ user: { email } }, undefined]);
  await waitUntil(async () => (await fetch(`${server.url}/readyz`)).status === 200);
  const { code, stdout, stderr } = await server.end('SIGTERM');
  expect(code).toBe(0);
  expect(stdout + stderr).not.toMatch(/pooler|connects with|in order/);
}

describe.skipIf(program === null)('behind a pooler in transaction mode', () => {
  test.each<[ini: string, settings: PoolerSettings]>([
    ['with its default settings', {}],
    ['that ignores startup parameters', { ignore_startup_parameters: timeouts }],
  ])(
    '%s a start is rejected with the setting to add, and changes nothing',
    async (_ini, settings) => {
      await startPoolerWith(settings);
      const pooled = pooler.reroute(database.ownerUrl);
      expect(await readRejection({ DATABASE_URL: pooled })).toMatch(
        /DATABASE_URL leads through a connection pooler .* set DATABASE_DIRECT_URL /,
      );
      const { rows } = await runAt(
        pooled,
        `select current_setting('lock_timeout') as "lockTimeout",
         (select count(*)::int from pg_locks l join pg_database d on d.oid = l.database
           where locktype = 'advisory' and datname = current_database()) as locks,
         to_regclass('public.users') as users`,
      );
      expect(rows).toEqual([{ lockTimeout: '0', locks: 0, users: null }]);
    },
  );

  test('the server runs with DATABASE_URL and DATABASE_DIRECT_URL', async () => {
    await startPoolerWith();
    await serveOnce({
      DATABASE_URL: pooler.reroute(database.ownerUrl),
      DATABASE_DIRECT_URL: database.ownerUrl,
    });
  });

  test('the server runs with the pooler of docs/operations.md, which knows no password of the server', async () => {
    const recipe = await readRecipe();
    const name = new URL(database.ownerUrl).pathname.slice(1);
    await runAt(database.ownerUrl, recipe.sql.replace('database tenantry', `database ${name}`));
    const lookup = new URL(database.ownerUrl);
    [lookup.username, lookup.password] = ['pgbouncer', 'another secret'];
    pooler = await startPooler(program ?? '', [lookup.href], recipe.settings);
    await serveOnce({
      DATABASE_URL: pooler.reroute(database.ownerUrl),
      DATABASE_DIRECT_URL: database.ownerUrl,
    });
  });

  test('the server runs with only DATABASE_APP_URL through the pooler', async () => {
    await startPoolerWith();
    // The first start creates the login.
    await serveOnce({ DATABASE_URL: database.ownerUrl });
    await serveOnce({
      DATABASE_URL: database.ownerUrl,
      DATABASE_APP_URL: pooler.reroute(
        buildAppUrl(database.ownerUrl, rolesOf(database.ownerUrl).app),
      ),
    });
  });

  test('a DATABASE_DIRECT_URL that also leads through the pooler is rejected by name', async () => {
    await startPoolerWith();
    const pooled = pooler.reroute(database.ownerUrl);
    const other = new URL(pooled);
    other.searchParams.set('application_name', 'direct');
    expect(await readRejection({ DATABASE_URL: pooled, DATABASE_DIRECT_URL: other.href })).toMatch(
      /DATABASE_DIRECT_URL leads through a connection pooler .* PostgreSQL itself/,
    );
  });

  test('a DATABASE_DIRECT_URL of another database is rejected', async () => {
    await startPoolerWith();
    const another = await createEmptyDatabase();
    try {
      const environment = {
        DATABASE_URL: pooler.reroute(database.ownerUrl),
        DATABASE_DIRECT_URL: another.ownerUrl,
      };
      expect(await readRejection(environment)).toMatch(/different databases/);
    } finally {
      await another.drop();
    }
  });

  test('a startup parameter that the pooler rejects is named in one line', async () => {
    await startPoolerWith();
    const pooled = new URL(pooler.reroute(database.ownerUrl));
    pooled.searchParams.set('options', '-c work_mem=8MB');
    const environment = { DATABASE_URL: pooled.href, DATABASE_DIRECT_URL: database.ownerUrl };
    expect(await readRejection(environment)).toMatch(
      /unsupported startup parameter.*remove it from the URL/,
    );
  });
});

describe.skipIf(program === null)('an unusable pooler', () => {
  test.each<[words: RegExp, settings: PoolerSettings]>([
    [/prepared statements.*max_prepared_statements = 200/, { max_prepared_statements: 0 }],
    [/pool_mode = transaction/, { pool_mode: 'statement' }],
  ])('is rejected with a line that matches %s', async (words, settings) => {
    await startPoolerWith(settings);
    const environment = {
      DATABASE_URL: pooler.reroute(database.ownerUrl),
      DATABASE_DIRECT_URL: database.ownerUrl,
    };
    expect(await readRejection(environment)).toMatch(words);
  });
});

test.skipIf(program === null)('a pooler in session mode needs no DATABASE_DIRECT_URL', async () => {
  await startPoolerWith({ pool_mode: 'session' });
  await serveOnce({ DATABASE_URL: pooler.reroute(database.ownerUrl) });
});

/** The settings and SQL on the page, without addresses and files. */
async function readRecipe(): Promise<{ sql: string; settings: PoolerSettings }> {
  const page = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const section = page.slice(page.indexOf('## Behind a connection pooler'));
  const [ini = '', sql = ''] = ['ini', 'sql'].map(
    (kind) => new RegExp(`\\n\`\`\`${kind}\\n([^]*?)\`\`\``).exec(section)?.[1],
  );
  const lines = ini.slice(ini.indexOf('[pgbouncer]')).split('\n');
  const settings = lines.flatMap((line) => {
    const [name = '', ...value] = line.split(' = ');
    const isOurs = value.length === 0 || /^(listen_|auth_file)/.test(name);
    return isOurs ? [] : [[name, value.join(' = ')]];
  });
  return { sql, settings: Object.fromEntries(settings) };
}
