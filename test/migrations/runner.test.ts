import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { migrate } from '../../src/db/migrate.ts';
import { silentLog } from '../../src/lib/log.ts';
import { createEmptyDatabase } from '../support/cluster.ts';
import { createStage } from './support.ts';

const tables = {
  '001_tables': `create table a (x int);
    do $$ begin perform 1; insert into a values (1); end $$; -- the last line may be a comment`,
  '002_more_tables': 'create table b (x int)',
};

test('the shipped migrations are applied to an empty database once', async () => {
  const { ownerUrl, drop } = await createEmptyDatabase();
  const migrationsDir = fileURLToPath(new URL('../../migrations', import.meta.url));
  const first = await migrate({ ownerUrl, migrationsDir, log: silentLog });
  const second = await migrate({ ownerUrl, migrationsDir, log: silentLog });
  await drop();
  expect(first.applied.length).toBeGreaterThan(1);
  expect(second.applied).toEqual([]);
});

test('files are applied once, in the order of their numbers', async () => {
  const stage = await createStage(tables);
  expect(await stage.run()).toEqual({ applied: ['001_tables', '002_more_tables'] });
  expect(await stage.run()).toEqual({ applied: [] });
  await stage.write('003_later', 'alter table b add column y int');
  expect(await stage.run()).toEqual({ applied: ['003_later'] });
  expect((await stage.pool.query('select x from a')).rows).toEqual([{ x: 1 }]);
});

test('twenty concurrent runners apply each file once, including a concurrent index', async () => {
  const stage = await createStage({
    ...tables,
    '003_index': 'create index concurrently if not exists a_x on a (x)',
  });
  const runs = await Promise.all(Array.from({ length: 20 }, () => stage.run()));
  const names = runs.flatMap(({ applied }) => applied);
  expect(names).toEqual(['001_tables', '002_more_tables', '003_index']);
  expect(await stage.readHistory()).toEqual(names);
});

test('a changed file that was already applied is rejected by name', async () => {
  const stage = await createStage(tables);
  await stage.run();
  await stage.write('002_more_tables', 'create table c (x int)');
  await expect(stage.run()).rejects.toMatchObject({
    code: 'changed',
    message: expect.stringContaining('migrations/002_more_tables/migration.sql'),
  });
});

test('a database migrated by a newer version is rejected', async () => {
  const stage = await createStage(tables);
  await stage.run();
  await stage.pool.query(`update _prisma_migrations set migration_name = '009_future'
    where migration_name = '002_more_tables'`);
  await expect(stage.run()).rejects.toMatchObject({
    code: 'unknown',
    message: expect.stringContaining('009_future'),
  });
});

test('a database of another program is left unchanged', async () => {
  const stage = await createStage(tables);
  await stage.pool.query('create table theirs (x int)');
  await expect(stage.run()).rejects.toMatchObject({ code: 'not_empty' });
  const ours = await stage.pool.query(`select to_regclass('a') as a`);
  expect(ours.rows).toEqual([{ a: null }]);
});

test('a failed file is rolled back and applied once it is corrected', async () => {
  const stage = await createStage({
    ...tables,
    '003_faulty': 'create table c (x int);\ncreate table d (x nonsense);\ncreate table e (x int);',
  });
  await expect(stage.run()).rejects.toMatchObject({
    code: 'failed',
    message: expect.stringMatching(/003_faulty.* line 2: type "nonsense" does not exist \(42704\)/),
  });
  const left = await stage.pool.query(`select to_regclass('c') as c, to_regclass('b') as b`);
  expect(left.rows).toEqual([{ c: null, b: 'b' }]);
  await stage.write('003_faulty', 'create table c (x int);');
  expect(await stage.run()).toEqual({ applied: ['003_faulty'] });
  expect(await stage.readHistory()).toEqual([
    '001_tables',
    '002_more_tables',
    '-003_faulty',
    '003_faulty',
  ]);
});
