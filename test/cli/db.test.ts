import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPerson } from '../support/people.ts';
import { type OperatedApp, startOperatedApp } from './operator-fixture.ts';

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
])('db %s prints one object per line as JSON, or a table', async (section, fields) => {
  const rows = await app.runLines('db', section);
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) expect(Object.keys(row).sort()).toEqual(fields.toSorted());
  const { code, stdout, stderr } = await app.run('db', section);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  // A line of titles, then one per row.
  expect(stdout.trimEnd().split('\n')).toHaveLength(rows.length + 1);
});

test('db slow names a slow statement without its values', async () => {
  await app.owner.query(`do $$ begin perform pg_sleep(0.15), 'a secret'; end $$`);
  const slow = await app.runLines('db', 'slow', '--min-ms', '120', '--limit', '100');
  expect(slow.map(({ query }) => query)).toContain('do $…$');
  expect(JSON.stringify(slow)).not.toContain('a secret');
});

test('db slow lists statements of the service, and none that reads statistics', async () => {
  for (const section of ['all', 'slow', 'advice', 'connections', 'cache', 'auth', 'tables']) {
    await app.run('db', section);
  }
  for (const view of ['slow_queries', 'table_stats', 'index_usage', 'tenant_usage_stats']) {
    await app.owner.query(`select * from ${view}`);
  }
  const queries = (await app.runLines('db', 'slow', '--min-ms', '0', '--limit', '100')).map(
    ({ query }) => query,
  );
  expect(queries.length).toBeGreaterThan(5);
  const about =
    /pg_stat_|statistic|slow_queries|table_stats|index_usage|unused|activity_of|_usage|usage_of|analyze_query/;
  expect(queries.filter((query) => about.test(query))).toEqual([]);
});

test('db indexes --unused lists an index that no statement used', async () => {
  await app.owner.query('create index nobody_needs_it_idx on users (avatar_url)');
  const unused = await app.runLines('db', 'indexes', '--unused');
  expect(unused).toContainEqual(
    expect.objectContaining({ index: 'nobody_needs_it_idx', table: 'users', scans: 0 }),
  );
});

describe('db advice', () => {
  test('names a table that was never analyzed, and the remedy', async () => {
    // Otherwise autovacuum may analyze it first.
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

describe('an index that no statement uses', () => {
  const index = 'heron_sightings_note_idx';
  const listAdvice = async () =>
    (await app.runLines('db', 'advice')).filter(({ subject }) => subject === index);
  const setStart = (age: string) =>
    app.owner.query('update _prisma_migrations set finished_at = now() - $1::interval', [age]);

  beforeAll(async () => {
    // More than 10 MB of index, on a table that is read often.
    await app.owner.query(`
      create table heron_sightings as
        select (select string_agg(md5(random()::text || part), '') from generate_series(1, 75) part where n > 0) as note
        from generate_series(1, 6000) n;
      create index ${index} on heron_sightings (note);
      analyze heron_sightings;
      do $$ begin for n in 1..1001 loop perform from heron_sightings limit 1; end loop; end $$`);
    await app.owner.query('select pg_stat_force_next_flush()');
  });
  afterAll(() => app.owner.query('drop table heron_sightings'));

  test('causes no advice while the statistics are young, and the list of indexes says so', async () => {
    await setStart('29 days');
    expect(await listAdvice()).toEqual([]);
    const { stdout, stderr } = await app.run('db', 'indexes', '--unused');
    expect(stdout).toContain(index);
    expect(stderr).toMatch(/^Counted since .* UTC only: .* Judge indexes after 30 days\.\n$/);
  });

  test('causes advice after 30 days', async () => {
    await setStart('31 days');
    expect(await listAdvice()).toEqual([
      {
        severity: 'info',
        subject: index,
        advice: expect.stringMatching(/heron_sightings was read/),
      },
    ]);
    expect(await app.run('db', 'indexes', '--unused')).toMatchObject({ stderr: '' });
  });

  test('causes no advice if its comment names the query it serves', async () => {
    await setStart('31 days');
    await app.owner.query(`comment on index ${index} is 'a report of the end of the year'`);
    expect(await listAdvice()).toEqual([]);
  });
});

test('every shipped index that is not unique names the query it serves', async () => {
  const { rows } = await app.owner.query(
    `select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid
     where c.relnamespace = 'public'::regnamespace and not i.indisunique
       and obj_description(c.oid, 'pg_class') is null`,
  );
  expect(rows.map(({ relname }) => relname)).toEqual(['nobody_needs_it_idx']);
});

test('db all prints every part at once', async () => {
  const all = await app.runJson('db', 'all');
  const parts = ['advice', 'auth', 'cache', 'connections', 'indexes', 'slow', 'tables'];
  expect(Object.keys(all).sort()).toEqual(parts);
  const { stdout } = await app.run('db', 'all');
  for (const part of parts) expect(stdout).toContain(`\n${part}\n`);
});

test('db cleanup deletes all expired data, and prints how much', async () => {
  const person = await createPerson(app);
  await app.owner.query(
    `insert into sessions (user_id, token_hash, idle_timeout_seconds, expires_at)
     select $1, sha256(n::text::bytea), 60, now() - interval '1 s' from generate_series(1, 21000) n`,
    [person.userUuid],
  );
  expect(await app.runJson('db', 'cleanup')).toMatchObject({ sessions: 21_000, tenants: 0 });
  expect(await app.runJson('db', 'cleanup')).toMatchObject({ sessions: 0 });
});

test('db slow and db all say that statement statistics are missing, not that none is slow', async () => {
  await app.owner.query('drop extension pg_stat_statements');
  const note = 'There are no statistics of statements: "tenantry db advice" says what to do.\n';
  for (const form of [[], ['--json']]) {
    const slow = await app.run('db', 'slow', ...form);
    expect(slow).toEqual({ code: 0, stdout: '', stderr: note });
    const { code, stdout, stderr } = await app.run('db', 'all', ...form);
    expect({ code, hasNote: stderr.includes(note) }).toEqual({ code: 0, hasNote: true });
    expect(stderr).not.toContain('No statements that slow');
    if (form.length > 0) expect(JSON.parse(stdout).slow).toBeNull();
  }
});
