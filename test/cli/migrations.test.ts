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
import { commandCases, findUnlisted } from './commands.ts';
import { createDataDir, runTenantry, startServing } from './fixture.ts';
import { type CommandSeries, startSeries } from './operator-fixture.ts';

// Only serve, migrate, seed and the first start of an embedded database migrate. Every other command requires a
// database at its own version, or changes nothing and says what to run.

const migrationsDir = fileURLToPath(new URL('../../migrations', import.meta.url));
const shipped = (await readdir(migrationsDir)).filter((name) => /^\d{3}_/.test(name)).sort();
const last = shipped.at(-1) ?? '';

const commands = Object.entries(commandCases).map(([name, command]) => ({ name, ...command }));
const versioned = commands.filter(({ schema }) => schema === 'current');

/** Creates a database without the newest migration. */
async function createOlderDatabase(): Promise<TestDatabase> {
  const database = await createEmptyDatabase();
  const older = await mkdtemp(path.join(tmpdir(), 'tenantry-older-'));
  await cp(migrationsDir, older, { recursive: true });
  await rm(path.join(older, last), { recursive: true });
  await migrate({ ownerUrl: database.ownerUrl, migrationsDir: older, log: silentLog });
  await rm(older, { recursive: true });
  return database;
}

/** Returns the structure of a database and a hash of the rows of every table. */
async function readDatabase({ ownerUrl }: TestDatabase): Promise<Record<string, unknown>> {
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

/** Starts a series of commands with the settings of an installation. */
const open = ({ ownerUrl }: TestDatabase): CommandSeries =>
  startSeries({ DATABASE_URL: ownerUrl, TENANTRY_SECRET: 'a secret that only the tests know' });

test('the list of commands is complete', async () => {
  expect(await findUnlisted()).toEqual([]);
});

describe('with a pending migration', () => {
  let database: TestDatabase;
  let series: CommandSeries;
  let before: object;
  beforeAll(async () => {
    database = await createOlderDatabase();
    before = await readDatabase(database);
    series = open(database);
  });
  afterAll(async () => {
    await series.close();
    await database.drop();
  });

  test.each(versioned)('$name names the migration and ends with 3', async ({ name, args }) => {
    const ended = await series.run(...name.split(' '), ...args);
    expect(ended).toEqual({
      code: 3,
      stdout: '',
      stderr: `error: 1 migration waits for this database (${last}): run "tenantry migrate" (every start of the server does too), then try again\n`,
    });
  });

  test('restore now ends with 3 as well', async () => {
    expect(await series.run('restore', 'now', '--yes')).toMatchObject({ code: 3, stdout: '' });
  });

  test('backup does not require the migration', async () => {
    const { args } = commandCases.backup ?? { args: [] };
    const { stderr } = await series.run('backup', ...args);
    expect(stderr).not.toMatch(/migration/);
  });

  test('an export or import creates no file', async () => {
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

  test('none of these, nor a restore without a backup, changes the database', async () => {
    expect(await series.run('restore', '/nowhere/at/all', '--yes')).toMatchObject({ code: 1 });
    expect(await readDatabase(database)).toEqual(before);
  });
});

test('a changed function is named like a migration until migrate applies it', async () => {
  const database = await createTestDatabase();
  const series = open(database);
  try {
    await execute(
      database,
      `update tenantry_migrations.functions set hash = 'other' where name = 'find_access'`,
    );
    const before = await readDatabase(database);
    expect(await series.run('tenant', 'list')).toEqual({
      code: 3,
      stdout: '',
      stderr:
        'error: 1 migration waits for this database (functions/find_access): run "tenantry migrate" (every start of the server does too), then try again\n',
    });
    expect(await readDatabase(database)).toEqual(before);
    const { stdout } = await series.run('migrate', '--json');
    expect(JSON.parse(stdout)).toEqual({ applied: ['functions/find_access'] });
    expect(await series.run('tenant', 'list')).toMatchObject({ code: 0 });
  } finally {
    await series.close();
    await database.drop();
  }
});

test('serve and every command reject a database from before 0.2.0 in one line and do not change it', async () => {
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
    const before = await readDatabase(database);
    const environment = { DATABASE_URL: database.ownerUrl, PORT: '0' };
    expect(await runTenantry(['serve'], environment)).toEqual(rejection);
    expect(await series.run('migrate')).toEqual(rejection);
    expect(await series.run('tenant', 'list')).toEqual(rejection);
    expect(await readDatabase(database)).toEqual(before);
  } finally {
    await series.close();
    await database.drop();
  }
});

describe.each(['migrate', 'seed'])('%s', (name) => {
  test('applies pending migrations', async () => {
    const database = await createOlderDatabase();
    const series = open(database);
    try {
      expect(await series.run(name, ...(commandCases[name]?.args ?? []))).toMatchObject({
        code: 0,
      });
      expect(await series.run('tenant', 'list')).toMatchObject({ code: 0 });
    } finally {
      await series.close();
      await database.drop();
    }
  });
});

test('serve applies pending migrations', async () => {
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

test('a command leaves an empty database empty, and says what to run', async () => {
  const database = await createEmptyDatabase();
  const series = open(database);
  try {
    expect(await series.run('tenant', 'list')).toEqual({
      code: 3,
      stdout: '',
      stderr:
        'error: the database is empty: run "tenantry migrate" (every start of the server does too), then try again\n',
    });
    expect((await readDatabase(database)).rows).toEqual({});
  } finally {
    await series.close();
    await database.drop();
  }
});

test('an error about several pending migrations names the first and the last', async () => {
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

describe('a database migrated by a newer version', () => {
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
    before = await readDatabase(database);
    series = open(database);
  });
  afterAll(async () => {
    await series.close();
    await database.drop();
  });

  const others = commands.filter(({ name }) => ['migrate', 'seed'].includes(name));
  test.each([...versioned, ...others])('stops $name, which ends with 3', async ({ name, args }) => {
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

  test('is not changed by any of these', async () => {
    expect(await readDatabase(database)).toEqual(before);
  });
});

describe('with a database at its own version', () => {
  let database: TestDatabase;
  let series: CommandSeries;
  let before: object;
  beforeAll(async () => {
    database = await createTestDatabase();
    // A start of the server would reset these.
    await execute(database, `update roles set name = 'changed by hand' where tenant_id is null`);
    before = await readDatabase(database);
    series = open(database);
  });
  afterAll(async () => {
    await series.close();
    await database.drop();
  });

  test.each(commands.filter(({ reads }) => reads))(
    '$name needs no write access',
    async ({ name, args }) => {
      const { stderr } = await series.run(...name.split(' '), ...args);
      expect(stderr).not.toMatch(/read-only/);
    },
  );

  test('a connection of such a command rejects changes', async () => {
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

  test('no such command changes a row, not even a modified built-in role', async () => {
    expect(await readDatabase(database)).toEqual(before);
  });
});

test('the first command migrates an empty embedded database', async () => {
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
