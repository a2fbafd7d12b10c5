import type { Db } from '../../db/database.ts';

/** A statement that is slow on average; times in milliseconds, to the microsecond. */
export type SlowQuery = {
  query: string;
  calls: number;
  meanMs: number;
  totalMs: number;
  rows: number;
};

/** Statements that take at least `minMeanMs` on average, the slowest first. */
export function listSlowQueries(db: Db, first: number, minMeanMs: number): Promise<SlowQuery[]> {
  return db.$queryRaw<SlowQuery[]>`
    select query, calls::float8 as calls, round(mean_ms::numeric, 3)::float8 as "meanMs",
      round(total_ms::numeric, 3)::float8 as "totalMs", rows::float8 as rows
    from statement_statistics() where mean_ms >= ${minMeanMs}::float8
    order by mean_ms desc limit ${first}::int`;
}

/**
 * Whether PostgreSQL measures statements: pg_stat_statements is there, and was loaded at the start, which
 * is when its settings become known.
 */
export async function areStatementsMeasured(db: Db): Promise<boolean> {
  const [row] = await db.$queryRaw<[{ isMeasured: boolean }]>`
    select to_regclass('public.pg_stat_statements') is not null
      and current_setting('pg_stat_statements.max', true) is not null as "isMeasured"`;
  return row.isMeasured;
}

/** Since when statistics describe the tables and indexes as they are now; see statistics_since(). */
export async function getStatisticsStart(db: Db): Promise<Date | null> {
  const [row] = await db.$queryRaw<[{ since: Date | null }]>`select statistics_since() as since`;
  return row.since;
}

/** A table, with its indexes counted in `bytes`. */
export type TableStat = {
  table: string;
  rows: number;
  bytes: number;
  deadRows: number;
  lastVacuum: Date | null;
  lastAnalyze: Date | null;
};

/** All tables, the largest first. */
export function listTableStats(db: Db): Promise<TableStat[]> {
  return db.$queryRaw<TableStat[]>`
    select table_name::text as table, rows::float8 as rows, bytes::float8 as bytes,
      dead_rows::float8 as "deadRows", last_vacuum as "lastVacuum", last_analyze as "lastAnalyze"
    from table_stats order by table_stats.bytes desc`;
}

export type IndexUsage = { index: string; table: string; scans: number; bytes: number };

/** All indexes, the least used first; or those that no statement used and that keep nothing unique. */
export function listIndexUsage(db: Db, isUnusedOnly: boolean): Promise<IndexUsage[]> {
  return db.$queryRaw<IndexUsage[]>`
    select index_name::text as index, table_name::text as table, scans::float8 as scans,
      bytes::float8 as bytes
    from index_usage i
    where not ${isUnusedOnly} or i.index_name in (select u.index_name from find_unused_indexes() u)
    order by i.scans, i.bytes desc`;
}

/** Activity of one day (UTC). */
export type UserActivity = {
  day: Date;
  signIns: number;
  failedSignIns: number;
  activeUsers: number;
  newUsers: number;
};

/** The last days, today first. */
export function listUserActivity(db: Db, days: number): Promise<UserActivity[]> {
  return db.$queryRaw<UserActivity[]>`
    select day::timestamptz as day, sign_ins::float8 as "signIns",
      failed_sign_ins::float8 as "failedSignIns", active_users::float8 as "activeUsers",
      new_users::float8 as "newUsers"
    from activity_of_days(${days}::int)`;
}

export type TenantUsageRow = {
  tenantId: string;
  slug: string;
  name: string;
  members: number;
  activeSessions: number;
  apiKeys: number;
  lastActivityAt: Date | null;
};

/** The tenants with most members. */
export function listTenantUsage(db: Db, first: number): Promise<TenantUsageRow[]> {
  return db.$queryRaw<TenantUsageRow[]>`
    select tenant_id as "tenantId", slug, name, members, active_sessions::float8 as "activeSessions",
      api_keys::float8 as "apiKeys", last_activity_at as "lastActivityAt"
    from usage_of_tenants(${first}::int)`;
}

/** The share of pages found in PostgreSQL's own memory since its statistics began; 1 before any was read. */
export async function getCacheHitRatio(db: Db): Promise<number> {
  const [row] = await db.$queryRaw<[{ ratio: number }]>`
    select round(coalesce(blks_hit::numeric / nullif(blks_hit + blks_read, 0), 1), 4)::float8 as ratio
    from pg_stat_database where datname = current_database()`;
  return row.ratio;
}

/** Something that should be changed: which statement, table, index or setting, and how. */
export type Recommendation = { severity: string; subject: string; advice: string };

export function listRecommendations(db: Db): Promise<Recommendation[]> {
  return db.$queryRaw<Recommendation[]>`
    select severity, subject, advice from analyze_query_performance()`;
}

/** How many connections the database serves now, and how many it can. */
export type ConnectionUse = { used: number; idleInTransaction: number; max: number };

export async function getConnectionUse(db: Db): Promise<ConnectionUse> {
  const [row] = await db.$queryRaw<[ConnectionUse]>`
    select count(*)::int as used,
      (count(*) filter (where state like 'idle in transaction%'))::int as "idleInTransaction",
      current_setting('max_connections')::int as max
    from pg_stat_activity where backend_type = 'client backend'`;
  return row;
}
