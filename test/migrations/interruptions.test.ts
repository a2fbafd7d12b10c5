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

test('a runner killed in the middle of a file leaves nothing of it, and the next one applies it', async () => {
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

test('a runner killed while it builds an index concurrently is made good by the next one', async () => {
  const stage = await createStage({ '001_tables': 'create table a (x int)' });
  await stage.run();
  await stage.write('002_index', 'create index concurrently if not exists a_x on a (x)');
  // The build waits for this transaction, so that it can be killed at its most delicate moment.
  const letGo = await stage.hold('select 1');
  const runner = startRunner(stage);
  await waitUntil(async () => {
    const found = await stage.pool.query(
      `select from pg_stat_progress_create_index where phase like 'waiting for%'`,
    );
    return found.rowCount === 1;
  });
  await runner.kill();
  expect(await stage.readHistory()).toEqual(['001_tables', '?002_index']);
  await letGo();
  expect(await stage.run()).toEqual({ applied: ['002_index'] });
  expect(await isIndexValid(stage)).toEqual([{ indisvalid: true }]);
});

test('an invalid index that a failed build left behind is replaced', async () => {
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

test('a locked table makes the runner step back and try again, up to its deadline', async () => {
  const stage = await createStage({ '001_tables': 'create table a (x int)' });
  await stage.run();
  await stage.write('002_alter', 'alter table a add column y int');
  const letGo = await stage.hold('select from a');
  await expect(stage.run(0)).rejects.toMatchObject({
    code: 'busy',
    message: expect.stringContaining('002_alter'),
  });
  const second = stage.run();
  await sleep(2_500);
  await letGo();
  expect(await second).toEqual({ applied: ['002_alter'] });
});

test('who needs the table that a runner waits for has it before a request gives up', async () => {
  const stage = await createStage({ '001_tables': 'create table a (x int)' });
  await stage.run();
  await stage.write('002_alter', 'alter table a add column y int');
  const letGo = await stage.hold('select from a');
  const run = stage.run();
  await waitUntil(async () => {
    const { rowCount } = await stage.pool.query(
      `select from pg_stat_activity
       where application_name = 'tenantry-migrate' and wait_event_type = 'Lock'
         and datname = current_database()`,
    );
    return rowCount === 1;
  });
  // What a request waits for a connection, all of which may be queued behind the runner.
  await stage.pool.query(`begin; set local lock_timeout = '1s'; select from a; commit`);
  await letGo();
  expect(await run).toEqual({ applied: ['002_alter'] });
});

test('of two runners that find a table locked, one applies the file and the other finds it done', async () => {
  const stage = await createStage({ '001_tables': 'create table a (x int)' });
  await stage.run();
  await stage.write('002_column', 'alter table a add column y int');
  const letGo = await stage.hold('select count(*) from a');
  const runs = [stage.run(), stage.run()];
  // The first try has been refused, and its runner must still keep the other one out.
  await waitUntil(async () => (await stage.readHistory()).includes('-002_column'));
  await letGo();
  const applied = (await Promise.all(runs)).flatMap((run) => run.applied);
  expect(applied).toEqual(['002_column']);
  const history = await stage.readHistory();
  expect(history.filter((entry) => entry === '002_column')).toHaveLength(1);
});
