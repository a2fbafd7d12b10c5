import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/cluster.ts';
import { rolesOf } from '../support/serving.ts';

let database: TestDatabase;
let owner: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  await owner.query(
    `insert into users (email) select 'person-' || n || '@vacuum.example' from generate_series(1, 1000) n`,
  );
  await owner.query(
    `insert into sessions (user_id, token_hash, idle_timeout_seconds, expires_at)
     select id, sha256(id::text::bytea), 60, now() + interval '1 hour' from users`,
  );
});
afterAll(async () => {
  await owner.end();
  await database.drop();
});

/** The number of rows that `work` updated, and how many of these were HOT updates, without new index entries. */
async function countRewrites(table: string, work: string) {
  const count = async () => {
    await owner.query('select pg_stat_force_next_flush()');
    const { rows } = await owner.query<{ all: number; hot: number }>(
      `select n_tup_upd::int as all, n_tup_hot_upd::int as hot from pg_stat_user_tables where relname = $1`,
      [table],
    );
    return rows[0] ?? { all: 0, hot: 0 };
  };
  const before = await count();
  await owner.query(work);
  const after = await count();
  return { all: after.all - before.all, hot: after.hot - before.hot };
}

/** One row per page, since successive updates seldom hit the same page in production. */
const onePerPage = (table: string) =>
  `select (array_agg(id))[1] as id from ${table} group by (ctid::text::point)[0]`;

describe('a frequent update changes no index', () => {
  test.each([
    [
      'sessions',
      `select touch_sessions((select array_agg(id) from (${onePerPage('sessions')}) s))`,
    ],
    ['users', `update users set last_sign_in_at = now() where id in (${onePerPage('users')})`],
  ])('%s', async (table, work) => {
    const { all, hot } = await countRewrites(table, work);
    expect(all).toBeGreaterThan(0);
    expect(hot).toBe(all);
  });
});

test('every table with updates or deletions has vacuum settings', async () => {
  const { rows } = await owner.query<{ table: string }>(
    `select relname::text as table from pg_class
     where relnamespace = 'public'::regnamespace and relkind = 'r'
       and array_to_string(reloptions, ',') like '%autovacuum%' order by relname`,
  );
  expect(rows.map(({ table }) => table)).toEqual([
    ...['api_keys', 'audit_events', 'audit_heads', 'idempotency_keys', 'mail_outbox'],
    ...['one_time_tokens', 'password_reset_requests', 'sessions', 'sign_in_budgets'],
    ...['user_activity', 'user_tenants', 'users'],
  ]);
});

test('only the owner of the database may call cleanup_expired_data()', async () => {
  await owner.query(
    `update sessions set expires_at = now() - interval '1 s' where id in (select id from sessions limit 5)`,
  );
  const { rows } = await owner.query('select kind, deleted from cleanup_expired_data(3)');
  expect(rows).toContainEqual({ kind: 'sessions', deleted: 3 });
  await owner.query(`begin; set local role ${rolesOf(database.ownerUrl).app}`);
  await expect(owner.query('select cleanup_expired_data()')).rejects.toThrow('permission denied');
  await owner.query('rollback');
});
