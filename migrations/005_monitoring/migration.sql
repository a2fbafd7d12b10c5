-- What the database is doing: slow statements, growing tables, unused indexes, active users. Only the platform scope and
-- the owner of the database see any of it.

-- Only a superuser can create this extension, and PostgreSQL must load it when it starts. Everything else here works
-- without it, and `tenantry db advice` says what is missing.
do $$
begin
  create extension if not exists pg_stat_statements;
  -- By default everybody may read it; here that is for whom monitoring is.
  revoke all on pg_stat_statements, pg_stat_statements_info from public;
  grant select on pg_stat_statements to tenantry_definer;
exception when insufficient_privilege or undefined_file or feature_not_supported then
  raise notice 'pg_stat_statements was not created (%), so there are no statistics of statements', sqlerrm;
end
$$;

-- Without this right the text of other logins' statements is hidden.
do $$
begin
  grant pg_read_all_stats to tenantry_definer with inherit true;
exception when insufficient_privilege then
  raise notice 'pg_read_all_stats was not granted (%), so texts of statements may be hidden', sqlerrm;
end
$$;

-- @functions

create view slow_queries with (security_invoker = true) as
  select query, calls, mean_ms, total_ms, rows from statement_statistics() where mean_ms > 100 order by mean_ms desc;

create view table_stats with (security_invoker = true) as
  select relname as table_name, n_live_tup as rows, n_dead_tup as dead_rows,
    pg_total_relation_size(relid) as bytes,
    seq_scan as sequential_scans, idx_scan as index_scans,
    greatest(last_vacuum, last_autovacuum) as last_vacuum, greatest(last_analyze, last_autoanalyze) as last_analyze
  from pg_stat_user_tables where schemaname = 'public' and may_monitor()
  order by bytes desc;

create view index_usage with (security_invoker = true) as
  select s.indexrelname as index_name, s.relname as table_name, s.idx_scan as scans, s.last_idx_scan as last_scan,
    pg_relation_size(s.indexrelid) as bytes, i.indisunique as is_unique
  from pg_stat_user_indexes s join pg_index i on i.indexrelid = s.indexrelid
  where s.schemaname = 'public' and may_monitor()
  order by scans, bytes desc;

create view user_activity_stats with (security_invoker = true) as
  select day, sign_ins, failed_sign_ins, active_users, new_users from activity_of_days(30);

create view tenant_usage_stats with (security_invoker = true) as
  select tenant_id, slug, name, members, active_sessions, api_keys, last_activity_at from usage_of_tenants(100);

comment on view slow_queries is 'Statements that take more than 100 ms on average, the slowest first.';
comment on view table_stats is 'Tables with size, dead rows and when they were last cleaned, the largest first.';
comment on view index_usage is 'Indexes with how often they were used, the least used first.';
comment on view user_activity_stats is 'The last 30 days (UTC), today first.';
comment on view tenant_usage_stats is 'The 100 tenants with most members.';
