import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPerson } from '../support/people.ts';
import { type OperatedApp, startOperatedApp } from './cli-operator-fixture.ts';

let app: OperatedApp;
beforeAll(async () => {
  app = await startOperatedApp();
  await createPerson(app);
});
afterAll(() => app.close());

test.each([
  ['connections', ['used', 'idleInTransaction', 'max']],
  ['cache', ['hitRatio']],
  ['auth', ['day', 'signIns', 'failedSignIns', 'activeUsers', 'newUsers']],
  ['tables', ['table', 'rows', 'bytes', 'deadRows', 'lastVacuum', 'lastAnalyze']],
  ['indexes', ['index', 'table', 'scans', 'bytes']],
])('db %s tells a program one object a line, and people a table', async (section, fields) => {
  const rows = await app.runLines('db', section);
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) expect(Object.keys(row).sort()).toEqual(fields.toSorted());
  const { code, stdout, stderr } = await app.run('db', section);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  // A line of titles, then a line for each.
  expect(stdout.trimEnd().split('\n')).toHaveLength(rows.length + 1);
});

test('db slow names a statement that is slow, without what somebody put into it', async () => {
  await app.owner.query(`do $$ begin perform pg_sleep(0.15), 'a secret'; end $$`);
  const slow = await app.runLines('db', 'slow', '--min-ms', '120', '--limit', '100');
  expect(slow.map(({ query }) => query)).toContain('do $…$');
  expect(JSON.stringify(slow)).not.toContain('a secret');
});

test('db indexes --unused names what no statement used', async () => {
  await app.owner.query('create index nobody_needs_it_idx on users (avatar_url)');
  const unused = await app.runLines('db', 'indexes', '--unused');
  expect(unused).toContainEqual(
    expect.objectContaining({ index: 'nobody_needs_it_idx', table: 'users', scans: 0 }),
  );
});

describe('db advice', () => {
  test('names the table that was never analyzed and what to do', async () => {
    // Or it may be analyzed before it is looked at.
    await app.owner.query('alter table sign_in_budgets set (autovacuum_enabled = off)');
    await app.owner.query(
      `insert into sign_in_budgets (bucket) select 'made up ' || n from generate_series(1, 2000) n`,
    );
    await app.owner.query('select pg_stat_force_next_flush()');
    const advice = await app.runLines('db', 'advice');
    expect(advice).toContainEqual(
      expect.objectContaining({
        subject: 'sign_in_budgets',
        advice: expect.stringContaining('refresh_table_statistics()'),
      }),
    );
  });
});

test('db all has every part in one answer', async () => {
  const all = await app.runJson('db', 'all');
  const parts = ['advice', 'auth', 'cache', 'connections', 'indexes', 'slow', 'tables'];
  expect(Object.keys(all).sort()).toEqual(parts);
  const { stdout } = await app.run('db', 'all');
  for (const part of parts) expect(stdout).toContain(`\n${part}\n`);
});

test('db cleanup deletes what has had its time, whatever it takes, and says how much', async () => {
  const person = await createPerson(app);
  await app.owner.query(
    `insert into sessions (user_id, token_hash, idle_timeout_seconds, expires_at)
     select $1, sha256(n::text::bytea), 60, now() - interval '1 s' from generate_series(1, 21000) n`,
    [person.userUuid],
  );
  expect(await app.runJson('db', 'cleanup')).toMatchObject({ sessions: 21_000, tenants: 0 });
  expect(await app.runJson('db', 'cleanup')).toMatchObject({ sessions: 0 });
});

test('where nothing measures statements db slow says so, and not that none is slow', async () => {
  await app.owner.query('drop extension pg_stat_statements');
  for (const form of [[], ['--json']]) {
    const { code, stdout, stderr } = await app.run('db', 'slow', ...form);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('There are no statistics of statements');
  }
});
