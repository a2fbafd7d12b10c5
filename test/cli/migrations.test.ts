import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { migrate } from '../../src/db/migrate.ts';
import { withOperator } from '../../src/db/operator.ts';
import { ScopedPool } from '../../src/db/pool.ts';
import { printStructure } from '../../src/db/structure.ts';
import { silentLog } from '../../src/lib/log.ts';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/cluster.ts';
import { findUnlisted, manners } from './commands.ts';
import { createDataDir, runTenantry, startServing } from './fixture.ts';
import { type CommandSeries, startSeries } from './operator-fixture.ts';

// Only serve, migrate, seed and the first start of an embedded database migrate. Every other command finds
// a database at its own version, or changes nothing and says what to run.

const migrationsDir = fileURLToPath(new URL('../../migrations', import.meta.url));
const shipped = (await readdir(migrationsDir)).filter((name) => /^\d{3}_/.test(name)).sort();
const last = shipped.at(-1) ?? '';

const commands = Object.entries(manners).map(([name, manner]) => ({ name, ...manner }));
const careful = commands.filter(({ schema }) => schema === 'current');

/** A database as the release before this one left it. */
async function createOlderDatabase(): Promise<TestDatabase> {
  const database = await createEmptyDatabase();
  const older = await mkdtemp(path.join(tmpdir(), 'tenantry-older-'));
  await cp(migrationsDir, older, { recursive: true });
  await rm(path.join(older, last), { recursive: true });
  await migrate({ ownerUrl: database.ownerUrl, migrationsDir: older, log: silentLog });
  await rm(older, { recursive: true });
  return database;
}

/** Everything in it: structure, history and the rows of every table. */
async function readWhole({ ownerUrl }: TestDatabase): Promise<Record<string, unknown>> {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  try {
    const tables = await owner.query<{ name: string }>(
      `select oid::regclass::text as name from pg_class
       where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`,
    );
    const rows: Record<string, unknown> = {};
    for (const { name } of tables.rows) {
      const { rows: found } = await owner.query(
        `select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as rows from ${name} t`,
      );
      rows[name] = found[0]?.rows;
    }
    return { structure: await printStructure(ownerUrl), rows };
  } finally {
    await owner.end();
  }
}

/** Keeps settings of one series equal to those of an installation. */
const open = ({ ownerUrl }: TestDatabase): CommandSeries =>
  startSeries({ DATABASE_URL: ownerUrl, TENANTRY_SECRET: 'a secret that only the tests know' });

test('the table of commands has every command', async () => {
  expect(await findUnlisted()).toEqual([]);
});

describe('with a migration waiting', () => {
  let database: TestDatabase;
  let series: CommandSeries;
  let before: object;
  beforeAll(async () => {
    database = await createOlderDatabase();
    before = await readWhole(database);
    series = open(database);
  });
  afterAll(async () => {
    await series.close();
    await database.drop();
  });

  test.each(careful)('$name names it and ends with 3', async ({ name, args }) => {
    const ended = await series.run(...name.split(' '), ...args);
    expect(ended).toEqual({
      code: 3,
      stdout: '',
      stderr: `error: 1 migration waits for this database (${last}): run "tenantry migrate" (every start of the server does too), then try again\n`,
    });
  });

  test('restore now is such a command', async () => {
    expect(await series.run('restore', 'now', '--yes')).toMatchObject({ code: 3, stdout: '' });
  });

  test('a backup of the database can be made before it is migrated', async () => {
    const { args } = manners.backup ?? { args: [] };
    const { stderr } = await series.run('backup', ...args);
    expect(stderr).not.toMatch(/migration/);
  });

  test('a file that an export or import would write is not made', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-export-'));
    for (const people of [[], ['mary@example.com']]) {
      const output = path.join(folder, 'people');
      const ended = await series.run('user', 'export', ...people, '--output', output);
      expect(ended).toMatchObject({ code: 3 });
    }
    const results = ['--results', path.join(folder, 'results')];
    const imported = await series.run('user', 'import', '/dev/null', '--format', 'csv', ...results);
    expect(imported).toMatchObject({ code: 3 });
    expect(await readdir(folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });

  test('nothing of that, and no restore without a backup, changes the database', async () => {
    expect(await series.run('restore', '/nowhere/at/all', '--yes')).toMatchObject({ code: 1 });
    expect(await readWhole(database)).toEqual(before);
  });
});

test('a function whose file has changed is named like a migration, until migrate has applied it', async () => {
  const database = await createTestDatabase();
  const series = open(database);
  try {
    await execute(
      database,
      `update tenantry_migrations.functions set hash = 'other' where name = 'find_access'`,
    );
    const before = await readWhole(database);
    expect(await series.run('tenant', 'list')).toEqual({
      code: 3,
      stdout: '',
      stderr:
        'error: 1 migration waits for this database (functions/find_access): run "tenantry migrate" (every start of the server does too), then try again\n',
    });
    expect(await readWhole(database)).toEqual(before);
    const { stdout } = await series.run('migrate', '--json');
    expect(JSON.parse(stdout)).toEqual({ applied: ['functions/find_access'] });
    expect(await series.run('tenant', 'list')).toMatchObject({ code: 0 });
  } finally {
    await series.close();
    await database.drop();
  }
});

test('a database of a version before 0.2.0 stops serve and every command with one line, and stays as it is', async () => {
  const database = await createTestDatabase();
  const series = open(database);
  const rejection = {
    code: 3,
    stdout: '',
    stderr:
      'error: this database was created by a version before 0.2.0 and cannot be migrated: ' +
      'create a new database (move users with `tenantry user export` and `user import`)\n',
  };
  try {
    await execute(
      database,
      `update _prisma_migrations set migration_name = '001_create_session_tables'
       where migration_name = '001_core_schema'`,
    );
    const before = await readWhole(database);
    const environment = { DATABASE_URL: database.ownerUrl, PORT: '0' };
    expect(await runTenantry(['serve'], environment)).toEqual(rejection);
    expect(await series.run('migrate')).toEqual(rejection);
    expect(await series.run('tenant', 'list')).toEqual(rejection);
    expect(await readWhole(database)).toEqual(before);
  } finally {
    await series.close();
    await database.drop();
  }
});

describe.each(['migrate', 'seed'])('%s', (name) => {
  test('applies what waits', async () => {
    const database = await createOlderDatabase();
    const series = open(database);
    try {
      expect(await series.run(name, ...(manners[name]?.args ?? []))).toMatchObject({ code: 0 });
      expect(await series.run('tenant', 'list')).toMatchObject({ code: 0 });
    } finally {
      await series.close();
      await database.drop();
    }
  });
});

test('serve applies what waits', async () => {
  const database = await createOlderDatabase();
  try {
    const served = await startServing({ DATABASE_URL: database.ownerUrl });
    expect((await served.end('SIGTERM')).code).toBe(0);
    const series = open(database);
    expect(await series.run('tenant', 'list')).toMatchObject({ code: 0 });
    await series.close();
  } finally {
    await database.drop();
  }
});

test('a database that was never migrated is left empty, and what to run is said', async () => {
  const database = await createEmptyDatabase();
  const series = open(database);
  try {
    expect(await series.run('tenant', 'list')).toEqual({
      code: 3,
      stdout: '',
      stderr:
        'error: the database is empty: run "tenantry migrate" (every start of the server does too), then try again\n',
    });
    expect((await readWhole(database)).rows).toEqual({});
  } finally {
    await series.close();
    await database.drop();
  }
});

test('of many migrations that wait the first and the last are named', async () => {
  const database = await createTestDatabase();
  const series = open(database);
  try {
    await execute(database, `delete from _prisma_migrations where migration_name >= '003'`);
    const waiting = shipped.filter((name) => name >= '003');
    expect((await series.run('user', 'list')).stderr).toContain(
      `${waiting.length} migrations wait for this database (${waiting[0]} to ${last})`,
    );
  } finally {
    await series.close();
    await database.drop();
  }
});

describe('a database that a newer version migrated', () => {
  let database: TestDatabase;
  let series: CommandSeries;
  let before: object;
  beforeAll(async () => {
    database = await createTestDatabase();
    await execute(
      database,
      `insert into _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
       values (gen_random_uuid()::text, '', '999_from_the_future', now(), 1)`,
    );
    before = await readWhole(database);
    series = open(database);
  });
  afterAll(async () => {
    await series.close();
    await database.drop();
  });

  const others = commands.filter(({ name }) => ['migrate', 'seed'].includes(name));
  test.each([...careful, ...others])('stops $name, which ends with 3', async ({ name, args }) => {
    expect(await series.run(...name.split(' '), ...args)).toEqual({
      code: 3,
      stdout: '',
      stderr:
        'error: the database has the migration 999_from_the_future, which this version of tenantry does not know: ' +
        'a newer version migrated it. Use that version, or restore a backup made before\n',
    });
  });

  test('stops serve', async () => {
    const { ownerUrl } = database;
    const { code, stderr } = await runTenantry(['serve'], { DATABASE_URL: ownerUrl, PORT: '0' });
    expect({ code, lines: stderr.trimEnd().split('\n').length }).toEqual({ code: 3, lines: 1 });
    expect(stderr).toContain('999_from_the_future');
  });

  test('is left as it was by all of these', async () => {
    expect(await readWhole(database)).toEqual(before);
  });
});

describe('at its own version', () => {
  let database: TestDatabase;
  let series: CommandSeries;
  let before: object;
  beforeAll(async () => {
    database = await createTestDatabase();
    // A start would bring them back to what this version says.
    await execute(database, `update roles set name = 'changed by hand' where tenant_id is null`);
    before = await readWhole(database);
    series = open(database);
  });
  afterAll(async () => {
    await series.close();
    await database.drop();
  });

  test.each(commands.filter(({ reads }) => reads))(
    '$name needs to write nothing',
    async ({ name, args }) => {
      const { stderr } = await series.run(...name.split(' '), ...args);
      expect(stderr).not.toMatch(/read-only/);
    },
  );

  test('the connections of such a command reject what would change the database', async () => {
    const { ownerUrl } = database;
    const sql = 'delete from sign_in_budgets';
    const rejection = { code: '25006' };
    const readOnly = { isReadOnly: true };
    await expect(withOperator(ownerUrl, (one) => one.query(sql), readOnly)).rejects.toMatchObject(
      rejection,
    );
    const settings = loadConfig({ NODE_ENV: 'test' }).database;
    const pool = new ScopedPool({ ...settings, ...readOnly, url: ownerUrl, actsAsServer: true });
    const client = await pool.connect();
    await expect(client.query(sql)).rejects.toMatchObject(rejection);
    client.release();
    await pool.end();
  });

  test('no command that looks changes a row, not even a built-in role that was changed by hand', async () => {
    expect(await readWhole(database)).toEqual(before);
  });
});

test('the first command sets up an embedded database that is empty', async () => {
  const { dataDir, remove } = await createDataDir();
  try {
    const environment = { TENANTRY_DATA_DIR: dataDir };
    const { code, stdout } = await runTenantry(['tenant', 'list', '--json'], environment);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(JSON.parse((await runTenantry(['migrate', '--json'], environment)).stdout)).toEqual({
      applied: [],
    });
  } finally {
    await remove();
  }
});

async function execute({ ownerUrl }: TestDatabase, sql: string): Promise<void> {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  await owner.query(sql).finally(() => owner.end());
}
