import { beforeAll, describe, expect, test } from 'vitest';
import { type Cast, createCast } from '../support/cast.ts';
import { send } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { codeOf } from '../support/mutate.ts';
import { createTeam } from '../support/people.ts';

const app = describeApp();
let cast: Cast;
beforeAll(async () => {
  cast = await createCast(app);
});

/** Reads fields of `monitoring` as a platform administrator. */
async function read(fields: string) {
  const { data, errors } = await cast.as.platformAdmin(`{ monitoring { ${fields} } }`);
  if (errors) throw new Error(JSON.stringify(errors));
  return data.monitoring;
}

describe('monitoring', () => {
  const everything = `{ monitoring {
    slowQueries(minMeanMs: 0) { query } tableStats { table } indexUsage { index }
    userActivity { day } tenantUsage { members } connectionPool { size } cacheHitRatio
    recommendations { advice } } }`;

  test.each([
    ['anonymous', 'UNAUTHENTICATED'],
    ['owner', 'FORBIDDEN'],
    ['member', 'FORBIDDEN'],
    ['stranger', 'FORBIDDEN'],
  ] as const)('is rejected for the caller %s', async (caller, code) => {
    const response = await cast.as[caller](everything);
    expect(codeOf(response)).toBe(code);
    expect(response.data?.monitoring ?? null).toBeNull();
  });

  test('is returned in full to a platform administrator', async () => {
    const { errors } = await cast.as.platformAdmin(everything);
    expect(errors).toBeUndefined();
  });

  test('is hidden from everyone else by the database itself, whatever the services check', async () => {
    const views = 'slow_queries table_stats index_usage user_activity_stats tenant_usage_stats';
    const scopes = [
      { userId: cast.owner.userUuid, tenantId: cast.team.tenantUuid },
      { userId: null, tenantId: null },
    ];
    for (const scope of scopes) {
      for (const view of views.split(' ')) {
        const [row] = await app.app.db.read(
          { ...scope, platform: true, apiKeyId: null, impersonatorId: null },
          (db) => db.$queryRawUnsafe<[{ count: number }]>(`select count(*)::int from ${view}`),
        );
        expect(row.count, view).toBe(0);
      }
    }
  });
});

test('slow statements are listed with their text, without the values in it', async () => {
  await app.owner.query(`select pg_sleep(0.12), 'a secret of somebody' as word`);
  const { slowQueries } = await read('slowQueries(first: 100) { query calls meanMs totalMs rows }');
  const slow = slowQueries.find(({ query }: { query: string }) => query.includes('pg_sleep'));
  expect(slow).toMatchObject({ calls: 1, rows: 1 });
  expect(slow.meanMs).toBeGreaterThan(100);
  expect(JSON.stringify(slowQueries)).not.toContain('a secret of somebody');
});

test('a slow statement that contains literal values is listed without them', async () => {
  await app.owner.query(`
    do $body$ begin
      perform pg_sleep(0.12), 'a secret in a body', 'it''s another', $$and a third$$;
    end $body$`);
  await app.owner.query(
    `create temp table slept as select pg_sleep(0.12)::text, 'a secret that''s quoted' as word;`,
  );
  await app.owner.query(`do $$ begin perform pg_sleep(0.13), 'the last secret'; end $$`);
  const { slowQueries } = await read('slowQueries(first: 100) { query }');
  const texts = slowQueries.map(({ query }: { query: string }) => query.trim());
  expect(texts.filter((text: string) => text === 'do $…$')).toHaveLength(2);
  expect(texts.join()).not.toMatch(/secret|another|third/);
});

test('every table and every index is listed with its size', async () => {
  const { tableStats, indexUsage } = await read(
    'tableStats { table bytes rows } indexUsage { index table bytes scans }',
  );
  const { rows } = await app.owner.query(
    `select relname::text as name, relkind from pg_class where relnamespace = 'public'::regnamespace
       and relkind in ('r', 'i') order by 1`,
  );
  const named = (kind: string) =>
    rows.filter(({ relkind }) => relkind === kind).map(({ name }) => name);
  expect(tableStats.map(({ table }: { table: string }) => table).sort()).toEqual(named('r'));
  expect(indexUsage.map(({ index }: { index: string }) => index).sort()).toEqual(named('i'));
});

test('an index counts as unused when it has no scan and enforces no uniqueness', async () => {
  await app.owner.query('create index forgotten_idx on users (avatar_url)');
  const { indexUsage } = await read('indexUsage(unusedOnly: true) { index scans }');
  const names = indexUsage.map(({ index }: { index: string }) => index);
  expect(names).toContain('forgotten_idx');
  expect(names).not.toContain('users_email_unique');
  await app.owner.query('drop index forgotten_idx');
});

test('each day counts its sign-ins, failed sign-ins, active users and new users', async () => {
  const [before] = (await read('userActivity(days: 1) { signIns failedSignIns activeUsers }'))
    .userActivity;
  const { email, password } = cast.member;
  await send(app.ask, 'signIn', { email, password });
  await send(app.ask, 'signIn', { email, password: 'not the password of anybody' });
  await app.owner.query(`update sessions set last_seen_at = now() - interval '1 minute'
    where user_id = '${cast.member.userUuid}'`);
  await cast.as.member('{ viewer { user { id } } }');
  await expect
    .poll(
      async () =>
        (await read('userActivity(days: 1) { signIns failedSignIns activeUsers }')).userActivity,
    )
    .toEqual([
      {
        signIns: before.signIns + 1,
        failedSignIns: before.failedSignIns + 1,
        activeUsers: before.activeUsers + 1,
      },
    ]);
  const { userActivity } = await read('userActivity(days: 3) { day newUsers }');
  const { rows } = await app.owner.query('select count(*)::int as people from users');
  expect(userActivity).toHaveLength(3);
  expect(userActivity[0].newUsers).toBe(rows[0].people);
  expect(userActivity[1].newUsers).toBe(0);
  expect(userActivity[0].day).toBe(`${new Date().toISOString().slice(0, 10)}T00:00:00.000Z`);
});

test('the largest tenants come first, with their members, sessions and API keys', async () => {
  const { tenantUsage } = await read(
    'tenantUsage(first: 1) { tenant { id } members activeSessions apiKeys lastActivityAt }',
  );
  expect(tenantUsage).toEqual([
    {
      tenant: { id: cast.team.tenantId },
      members: 4,
      activeSessions: expect.any(Number),
      apiKeys: 0,
      lastActivityAt: expect.any(String),
    },
  ]);
  expect(tenantUsage[0].activeSessions).toBeGreaterThanOrEqual(4);
});

test('the connection pool reports how many connections this process has', async () => {
  const { connectionPool, cacheHitRatio } = await read(
    'connectionPool { size idle waiting max } cacheHitRatio',
  );
  expect(connectionPool).toMatchObject({ max: 4, waiting: 0 });
  expect(connectionPool.size).toBeGreaterThan(0);
  expect(cacheHitRatio).toBeGreaterThan(0);
});

test('a recommendation names its subject and says what to do', async () => {
  for (let call = 0; call < 5; call += 1) await app.owner.query('select pg_sleep(0.11) as nap');
  const [slow] = (await read('recommendations { severity subject advice }')).recommendations.filter(
    ({ subject }: { subject: string }) => subject.includes('nap'),
  );
  expect(slow).toMatchObject({ severity: 'warning' });
  expect(slow.advice).toMatch(/ms on average over 5 calls/);
  await app.owner.query('drop extension pg_stat_statements');
  const { recommendations, slowQueries } = await read(
    'recommendations { severity subject advice } slowQueries(minMeanMs: 0) { query }',
  );
  expect(slowQueries).toEqual([]);
  expect(recommendations).toEqual([
    {
      severity: 'warning',
      subject: 'pg_stat_statements',
      advice: expect.stringContaining('create extension pg_stat_statements'),
    },
  ]);
  await app.owner.query('create extension pg_stat_statements');
});

test.each([
  ['slowQueries(first: 101) { query }', 'first'],
  ['slowQueries(minMeanMs: -1) { query }', 'minMeanMs'],
  ['userActivity(days: 91) { day }', 'days'],
  ['tenantUsage(first: 0) { members }', 'first'],
])('an argument out of bounds is rejected by name: %s', async (field, path) => {
  const response = await cast.as.platformAdmin(`{ monitoring { ${field} } }`);
  expect(codeOf(response)).toBe('BAD_USER_INPUT');
  expect(response.errors?.[0]?.extensions.path).toEqual([path]);
});

test('only the owner of the database can refresh the statistics of all tables', async () => {
  const refresh = 'select refresh_table_statistics()::int as count';
  const tables = await app.owner.query(
    `select count(*)::int as count from pg_class
     where relnamespace = 'public'::regnamespace and relkind = 'r'`,
  );
  expect((await app.owner.query(refresh)).rows).toEqual(tables.rows);
  const { userUuid } = cast.owner;
  const [denied] = await app.app.db.transaction(
    { userId: userUuid, tenantId: null, platform: true, apiKeyId: null, impersonatorId: null },
    (tx) => tx.$queryRawUnsafe<[{ count: number }]>(refresh),
  );
  expect(denied).toEqual({ count: 0 });
});

test('the sessions of a tenant with thousands of members are estimated from a sample of its active members', async () => {
  const team = await createTeam(app);
  // Every member has one session, as has the owner, who has just signed up.
  await app.owner.query(
    `with u as (
       insert into users (email) select 'crowd-' || n || '@example.com' from generate_series(1, 3000) n
       returning id
     ), m as (
       insert into user_tenants (tenant_id, user_id, is_active)
       select $1, id, row_number() over () <= 2500 from u returning user_id
     )
     insert into sessions (user_id, token_hash, authenticated_at, idle_timeout_seconds, expires_at)
     select user_id, sha256(uuid_send(user_id)), now(), 3600, now() + interval '1 day' from m`,
    [team.tenantUuid],
  );
  const { tenantUsage } = await read(
    'tenantUsage(first: 1) { tenant { id } members activeSessions }',
  );
  // The sample is every second one of the 2,501 members.
  expect(tenantUsage).toEqual([
    { tenant: { id: team.tenantId }, members: 2_501, activeSessions: 2_500 },
  ]);
});
