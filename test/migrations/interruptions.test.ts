import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startChild, waitUntil } from '../support/child.ts';
import { createStage } from './support.ts';

type Stage = Awaited<ReturnType<typeof createStage>>;

function startRunner({ ownerUrl, migrationsDir }: Stage) {
  return startChild(`
    import { migrate } from '#root/src/db/migrate.ts';
    import { silentLog } from '#root/src/lib/log.ts';
    await migrate({
      ownerUrl: ${JSON.stringify(ownerUrl)},
      migrationsDir: ${JSON.stringify(migrationsDir)},
      log: silentLog,
    });
  `);
}

/** Resolves once the runner's backend executes a statement like this. */
function waitForStatement({ pool }: Stage, pattern: string): Promise<void> {
  return waitUntil(async () => {
    const { rowCount } = await pool.query(
      `select from pg_stat_activity where application_name = 'tenantry-migrate'
         and datname = current_database() and state = 'active' and query like $1`,
      [pattern],
    );
    return rowCount === 1;
  });
}

const isIndexValid = async ({ pool }: Stage) =>
  (await pool.query(`select indisvalid from pg_index where indexrelid = 'a_x'::regclass`)).rows;

test('a file whose runner is killed is rolled back and applied by the next runner', async () => {
  const stage = await createStage({
    '001_tables': 'create table a (x int)',
    '002_slow': 'create table b (x int); select pg_sleep(3); insert into b values (1);',
  });
  const runner = startRunner(stage);
  await waitForStatement(stage, '%pg_sleep%');
  await runner.kill();
  expect(await stage.readHistory()).toEqual(['001_tables', '?002_slow']);
  expect(await stage.run()).toEqual({ applied: ['002_slow'] });
  expect((await stage.pool.query('select x from b')).rows).toEqual([{ x: 1 }]);
  expect(await stage.readHistory()).toEqual(['001_tables', '-002_slow', '002_slow']);
});

test('a concurrent index whose runner is killed is rebuilt by the next runner', async () => {
  const stage = await createStage({ '001_tables': 'create table a (x int)' });
  await stage.run();
  await stage.write('002_index', 'create index concurrently if not exists a_x on a (x)');
  // The build waits for this transaction, so that it is killed while the index exists but is invalid.
  const release = await stage.hold('select 1');
  const runner = startRunner(stage);
  await waitUntil(async () => {
    const found = await stage.pool.query(
      `select from pg_stat_progress_create_index where phase like 'waiting for%'`,
    );
    return found.rowCount === 1;
  });
  await runner.kill();
  expect(await stage.readHistory()).toEqual(['001_tables', '?002_index']);
  await release();
  expect(await stage.run()).toEqual({ applied: ['002_index'] });
  expect(await isIndexValid(stage)).toEqual([{ indisvalid: true }]);
});

test('an invalid index of a failed build is replaced', async () => {
  const stage = await createStage({
    '001_tables': 'create table a (x int); insert into a values (1), (1)',
    '002_index': 'create unique index concurrently if not exists a_x on a (x)',
  });
  await expect(stage.run()).rejects.toMatchObject({ code: 'failed' });
  expect(await isIndexValid(stage)).toEqual([{ indisvalid: false }]);
  await stage.pool.query('truncate a');
  expect(await stage.run()).toEqual({ applied: ['002_index'] });
  expect(await isIndexValid(stage)).toEqual([{ indisvalid: true }]);
});

test('a runner that meets a locked table retries until its deadline', async () => {
  const stage = await createStage({ '001_tables': 'create table a (x int)' });
  await stage.run();
  await stage.write('002_alter', 'alter table a add column y int');
  const release = await stage.hold('select from a');
  await expect(stage.run(0)).rejects.toMatchObject({
    code: 'busy',
    message: expect.stringContaining('002_alter'),
  });
  const second = stage.run();
  await sleep(2_500);
  await release();
  expect(await second).toEqual({ applied: ['002_alter'] });
});

test('a request is not blocked by a runner that waits for the same table', async () => {
  const stage = await createStage({ '001_tables': 'create table a (x int)' });
  await stage.run();
  await stage.write('002_alter', 'alter table a add column y int');
  const release = await stage.hold('select from a');
  const run = stage.run();
  await waitUntil(async () => {
    const { rowCount } = await stage.pool.query(
      `select from pg_stat_activity
       where application_name = 'tenantry-migrate' and wait_event_type = 'Lock'
         and datname = current_database()`,
    );
    return rowCount === 1;
  });
  // A request waits one second for a connection, and all of them may be queued behind the runner.
  await stage.pool.query(`begin; set local lock_timeout = '1s'; select from a; commit`);
  await release();
  expect(await run).toEqual({ applied: ['002_alter'] });
});

test('a file is applied once by two runners that both meet a locked table', async () => {
  const stage = await createStage({ '001_tables': 'create table a (x int)' });
  await stage.run();
  await stage.write('002_column', 'alter table a add column y int');
  const release = await stage.hold('select count(*) from a');
  const runs = [stage.run(), stage.run()];
  // After its first failed attempt a runner must still keep the other one out.
  await waitUntil(async () => (await stage.readHistory()).includes('-002_column'));
  await release();
  const applied = (await Promise.all(runs)).flatMap((run) => run.applied);
  expect(applied).toEqual(['002_column']);
  const history = await stage.readHistory();
  expect(history.filter((entry) => entry === '002_column')).toHaveLength(1);
});
