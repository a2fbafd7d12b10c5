-- What the statistics say is judged by how long they have been kept, and what only watches is not counted.

-- Only its owner may replace a function.
grant usage, create on schema public to tenantry_definer;
set local role tenantry_definer;

create function statistics_since() returns timestamptz
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  if not may_monitor() then
    return null;
  end if;
  return greatest(
    (select d.stats_reset from pg_stat_database d where d.datname = current_database()),
    -- An index that an upgrade brought is no older than the upgrade.
    (select max(m.finished_at) from public._prisma_migrations m where m.rolled_back_at is null)
  );
end
$$;
comment on function statistics_since is
  'Since when the statistics of tables and indexes describe the schema as it is: they were reset, or it was last changed, whichever is later.';
revoke all on function statistics_since() from public;
grant execute on function statistics_since() to tenantry_app;

create or replace function statement_statistics()
returns table (query text, calls bigint, mean_ms double precision, total_ms double precision, rows bigint,
  shared_blocks_hit bigint, shared_blocks_read bigint)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  -- Looked up when it runs, since the extension may come and go.
  if not may_monitor() or to_regclass('public.pg_stat_statements') is null then
    return;
  end if;
  -- Statements that read these statistics, by the command line, GraphQL or hand, are no work of the service.
  return query execute
    'select public.hide_literals(s.query), s.calls, s.mean_exec_time, s.total_exec_time, s.rows,
       s.shared_blks_hit, s.shared_blks_read
     from public.pg_stat_statements s
     where s.dbid = (select d.oid from pg_database d where d.datname = current_database()) and s.toplevel
       and s.query !~ $1'
    using '\m(pg_stat_\w+|statement_statistics|statistics_since|slow_queries|table_stats|index_usage|find_unused_indexes'
      '|user_activity_stats|activity_of_days|tenant_usage_stats|usage_of_tenants|analyze_query_performance)\M';
exception when object_not_in_prerequisite_state then
  -- The extension is there, but was not loaded when PostgreSQL started.
  return;
end
$$;
comment on function statement_statistics is
  'Statistics of the statements of this database but those that read statistics; no row without pg_stat_statements, or for whom it is not meant.';

create or replace function analyze_query_performance()
returns table (severity text, subject text, advice text)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  hit_ratio double precision;
  used integer;
begin
  if not may_monitor() then
    return;
  end if;
  -- Its settings are known exactly when it was loaded at the start.
  if to_regclass('public.pg_stat_statements') is null or current_setting('pg_stat_statements.max', true) is null then
    return query select 'warning', 'pg_stat_statements',
      'There are no statistics of statements. Add pg_stat_statements to shared_preload_libraries, restart PostgreSQL, and run as a superuser: create extension pg_stat_statements';
  end if;
  return query
    select case when s.mean_ms > 1000 then 'critical' else 'warning' end, left(regexp_replace(s.query, '\s+', ' ', 'g'), 200),
      format('Takes %s ms on average over %s calls. Look at its plan with explain (analyze, buffers): a sequential scan wants an index, many rows want a narrower question.',
        round(s.mean_ms::numeric, 1), s.calls)
    from statement_statistics() s where s.mean_ms > 100 and s.calls >= 5 order by s.total_ms desc limit 10;
  return query
    select 'warning', t.relname::text,
      format('%s of %s rows are dead. Autovacuum does not keep up: lower autovacuum_vacuum_scale_factor of this table, or look for transactions that stay open.',
        t.n_dead_tup, t.n_live_tup + t.n_dead_tup)
    from pg_stat_user_tables t
    where t.schemaname = 'public' and t.n_dead_tup > 10000 and t.n_dead_tup > 0.2 * (t.n_live_tup + t.n_dead_tup);
  return query
    select 'warning', t.relname::text,
      format('It has %s rows and was never analyzed: run select refresh_table_statistics()', t.n_live_tup)
    from pg_stat_user_tables t
    where t.schemaname = 'public' and t.n_live_tup > 1000 and greatest(t.last_analyze, t.last_autoanalyze) is null;
  return query
    select 'warning', t.relname::text,
      format('It has %s rows and was read whole %s times: look in slow_queries for the statement that lacks an index.',
        t.n_live_tup, t.seq_scan)
    from pg_stat_user_tables t
    where t.schemaname = 'public' and t.n_live_tup > 10000 and t.seq_scan > 100 and t.seq_scan > 0.01 * coalesce(t.idx_scan, 0);
  -- What Tenantry ships is left out: each such index says in its comment which query it serves.
  return query
    select 'info', i.index_name::text,
      format('No statement has used it since %s, while %s was read %s times; it takes %s. Drop it if nothing that runs once a quarter needs it.',
        to_char(i.since at time zone 'UTC', 'YYYY-MM-DD'), i.table_name, t.seq_scan + coalesce(t.idx_scan, 0), pg_size_pretty(i.bytes))
    from find_unused_indexes() i
      join pg_class c on c.relname = i.index_name and c.relnamespace = 'public'::regnamespace
      join pg_stat_user_tables t on t.relname = i.table_name and t.schemaname = 'public'
    where i.bytes > 10 * 1024 * 1024 and i.since < now() - interval '30 days'
      and t.seq_scan + coalesce(t.idx_scan, 0) > 1000 and obj_description(c.oid, 'pg_class') is null;
  select d.blks_hit::float / nullif(d.blks_hit + d.blks_read, 0) into hit_ratio
    from pg_stat_database d where d.datname = current_database();
  if hit_ratio < 0.95 then
    return query select 'warning', 'shared_buffers',
      format('Only %s %% of the pages were found in memory. Give PostgreSQL more shared_buffers (now %s), up to a quarter of the memory.',
        round(100 * hit_ratio::numeric, 1), current_setting('shared_buffers'));
  end if;
  select count(*) into used from pg_stat_activity a where a.backend_type = 'client backend';
  if used > 0.8 * current_setting('max_connections')::integer then
    return query select 'critical', 'max_connections',
      format('%s of %s connections are in use. Lower DATABASE_POOL_SIZE or the number of processes.',
        used, current_setting('max_connections'));
  end if;
  return query
    select 'warning', 'transaction of ' || coalesce(a.usename::text, 'unknown'),
      format('Open for %s and idle: it holds its locks and keeps vacuum from cleaning. End it with select pg_terminate_backend(%s)',
        date_trunc('second', now() - a.xact_start), a.pid)
    from pg_stat_activity a where a.state like 'idle in transaction%' and now() - a.xact_start > interval '1 minute';
end
$$;

reset role;
do $$
declare
  database_owner name := current_user;
begin
  set local role tenantry_definer;
  execute format('grant execute on function statistics_since() to %I', database_owner);
  reset role;
end
$$;

-- The owner's: it sees what its caller may see.
create or replace function find_unused_indexes()
returns table (index_name name, table_name name, bytes bigint, since timestamptz)
language sql stable set search_path = pg_catalog, public, pg_temp
begin atomic
  select u.index_name, u.table_name, u.bytes, statistics_since()
  from index_usage u
  -- What keeps rows unique earns its place by that.
  where u.scans = 0 and not u.is_unique
  order by u.bytes desc;
end;
comment on function find_unused_indexes is
  'Indexes that no statement has used since the statistics began, the largest first; those that keep rows unique are left out. While the statistics are young it lists what is merely not needed yet.';

revoke create on schema public from tenantry_definer;
