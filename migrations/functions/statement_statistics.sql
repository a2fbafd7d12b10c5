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
revoke execute on function statement_statistics from public;
grant execute on function statement_statistics to tenantry_app;
