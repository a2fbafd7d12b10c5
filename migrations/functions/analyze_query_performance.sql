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
comment on function analyze_query_performance is
  'What should be changed, if anything, each with the statement, the index or the setting it is about.';
revoke execute on function analyze_query_performance from public;
grant execute on function analyze_query_performance to tenantry_app;
