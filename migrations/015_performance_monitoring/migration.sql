-- What the database is doing, for people and dashboards: which statements are slow, which tables grow, which
-- indexes nobody uses, who is active. Only the platform scope and the owner of the database see any of it.

-- The statistics of statements come from an extension that only a superuser can create, and that must be
-- loaded when PostgreSQL starts. Without it everything else here works, and the advice says what is missing.
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
-- Without this right the text of the statements of other logins is hidden.
do $$
begin
  grant pg_read_all_stats to tenantry_definer with inherit true;
exception when insufficient_privilege then
  raise notice 'pg_read_all_stats was not granted (%), so texts of statements may be hidden', sqlerrm;
end
$$;

create function may_monitor() returns boolean
language sql stable
return is_platform_scope() or is_operator();
comment on function may_monitor is 'True for platform administrators across tenants, and for the owner of the database.';

-- Who was active on which day ----------------------------------------------------------------------

create table user_activity (
  day date not null,
  user_id uuid not null,
  constraint user_activity_pkey primary key (day, user_id)
);
comment on table user_activity is
  'Who used a session on which day (UTC). Ids only; no foreign key, since the count of a day outlives its people.';

create table sign_in_failures (
  day date not null,
  failures bigint not null,
  constraint sign_in_failures_pkey primary key (day)
);
comment on table sign_in_failures is 'How many sign-ins were refused on which day (UTC).';

alter table user_activity enable row level security;
alter table user_activity force row level security;
alter table sign_in_failures enable row level security;
alter table sign_in_failures force row level security;
create policy definer on user_activity to tenantry_definer using (true) with check (true);
create policy definer on sign_in_failures to tenantry_definer using (true) with check (true);

create index audit_events_session_opened_at_idx on audit_events (at) where action = 'session.opened';
comment on index audit_events_session_opened_at_idx is 'user_activity_stats: sign-ins per day';

drop function touch_sessions(uuid[]);
create function touch_sessions(session_ids uuid[]) returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select set_config('synchronous_commit', 'off', true);
  with touched as (
    update sessions s set last_seen_at = now() where s.id = any (session_ids) returning s.user_id, s.impersonator_id
  )
  insert into user_activity (day, user_id)
    select distinct (now() at time zone 'UTC')::date, t.user_id from touched t
    where t.impersonator_id is null
    on conflict do nothing;
end;
comment on function touch_sessions is
  'Notes that sessions were just used, and that their users were active today. Losing the last second of this in a crash is harmless, so it does not wait for the disk.';

create function note_sign_in_failures(count bigint) returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select set_config('synchronous_commit', 'off', true);
  insert into sign_in_failures as f (day, failures) values ((now() at time zone 'UTC')::date, count)
    on conflict (day) do update set failures = f.failures + excluded.failures;
end;
comment on function note_sign_in_failures is
  'Adds to the refused sign-ins of today; losing the last second of this in a crash is harmless.';

-- Functions behind the views ------------------------------------------------------------------------

create function statement_statistics()
returns table (query text, calls bigint, mean_ms double precision, total_ms double precision, rows bigint,
  shared_blocks_hit bigint, shared_blocks_read bigint)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  -- Looked up when it runs, since the extension may come and go.
  if not may_monitor() or to_regclass('public.pg_stat_statements') is null then
    return;
  end if;
  return query execute
    'select s.query, s.calls, s.mean_exec_time, s.total_exec_time, s.rows, s.shared_blks_hit, s.shared_blks_read
     from public.pg_stat_statements s
     where s.dbid = (select d.oid from pg_database d where d.datname = current_database()) and s.toplevel';
exception when object_not_in_prerequisite_state then
  -- The extension is there, but was not loaded when PostgreSQL started.
  return;
end
$$;
comment on function statement_statistics is
  'Statistics of the statements of this database; no row without pg_stat_statements, or for whom it is not meant.';

create function uuid_floor(moment timestamptz) returns uuid
language sql immutable strict parallel safe
return (lpad(to_hex((extract(epoch from moment) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid;
comment on function uuid_floor is 'No UUID of version 7 that was made at this moment or later is smaller.';

create function activity_of_days(days integer)
returns table (day date, sign_ins bigint, failed_sign_ins bigint, active_users bigint, new_users bigint)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select d.day::date,
    (select count(*) from audit_events e
      where e.action = 'session.opened' and e.at >= d.day and e.at < d.day + interval '1 day'),
    coalesce((select f.failures from sign_in_failures f where f.day = d.day::date), 0),
    (select count(*) from user_activity a where a.day = d.day::date),
    -- Ids begin with the moment they were made (UUID version 7), so their own index finds the day.
    (select count(*) from users u where u.id >= uuid_floor(d.day) and u.id < uuid_floor(d.day + interval '1 day'))
  from generate_series(
    date_trunc('day', now(), 'UTC') - make_interval(days => days - 1), date_trunc('day', now(), 'UTC'),
    interval '1 day', 'UTC') d (day)
  where may_monitor()
  order by d.day desc;
end;
comment on function activity_of_days is 'Sign-ins, refused ones, active and new users of each of the last days (UTC), today first.';

create function usage_of_tenants(tenants_max integer)
returns table (tenant_id uuid, slug text, name text, members integer, active_sessions bigint, api_keys bigint, last_activity_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select t.id, t.slug, t.name, t.member_count,
    (select count(*) from user_tenants m join sessions s on s.user_id = m.user_id
      where m.tenant_id = t.id and m.is_active and (s.tenant_id is null or s.tenant_id = t.id)
        and s.expires_at > now() and s.last_seen_at + make_interval(secs => s.idle_timeout_seconds) > now()),
    (select count(*) from api_keys k where k.tenant_id = t.id and k.revoked_at is null and k.expires_at > now()),
    (select max(e.at) from audit_events e
      where e.chain_id = t.id and e.sequence = (select h.sequence from audit_heads h where h.chain_id = t.id))
  from (
    select b.id, b.slug, b.name, b.member_count from tenants b where may_monitor() order by b.member_count desc, b.id limit tenants_max
  ) t
  order by t.member_count desc, t.id;
end;
comment on function usage_of_tenants is
  'The tenants with most members: how much they have, and when something was last changed in them.';

create index tenants_member_count_id_idx on tenants (member_count desc, id);
comment on index tenants_member_count_id_idx is 'usage_of_tenants(): the largest tenants';

-- Views ---------------------------------------------------------------------------------------------

create view slow_queries with (security_invoker = true) as
  select query, calls, mean_ms, total_ms, rows from statement_statistics() where mean_ms > 100 order by mean_ms desc;
comment on view slow_queries is 'Statements that take more than 100 ms on average, the slowest first.';

create view table_stats with (security_invoker = true) as
  select relname as table_name, n_live_tup as rows, n_dead_tup as dead_rows,
    pg_total_relation_size(relid) as bytes,
    seq_scan as sequential_scans, idx_scan as index_scans,
    greatest(last_vacuum, last_autovacuum) as last_vacuum, greatest(last_analyze, last_autoanalyze) as last_analyze
  from pg_stat_user_tables where schemaname = 'public' and may_monitor()
  order by bytes desc;
comment on view table_stats is 'Tables with size, dead rows and when they were last cleaned, the largest first.';

create view index_usage with (security_invoker = true) as
  select s.indexrelname as index_name, s.relname as table_name, s.idx_scan as scans, s.last_idx_scan as last_scan,
    pg_relation_size(s.indexrelid) as bytes, i.indisunique as is_unique
  from pg_stat_user_indexes s join pg_index i on i.indexrelid = s.indexrelid
  where s.schemaname = 'public' and may_monitor()
  order by scans, bytes desc;
comment on view index_usage is 'Indexes with how often they were used, the least used first.';

create view user_activity_stats with (security_invoker = true) as
  select day, sign_ins, failed_sign_ins, active_users, new_users from activity_of_days(30);
comment on view user_activity_stats is 'The last 30 days (UTC), today first.';

create view tenant_usage_stats with (security_invoker = true) as
  select tenant_id, slug, name, members, active_sessions, api_keys, last_activity_at from usage_of_tenants(100);
comment on view tenant_usage_stats is 'The 100 tenants with most members.';

-- Functions for the operator --------------------------------------------------------------------------

create function find_unused_indexes()
returns table (index_name name, table_name name, bytes bigint, since timestamptz)
language sql stable set search_path = pg_catalog, public, pg_temp
begin atomic
  select u.index_name, u.table_name, u.bytes,
    (select d.stats_reset from pg_stat_database d where d.datname = current_database())
  from index_usage u
  -- What keeps rows unique earns its place by that.
  where u.scans = 0 and not u.is_unique
  order by u.bytes desc;
end;
comment on function find_unused_indexes is
  'Indexes that no statement has used since the statistics began (null: since the server was set up), the largest first; those that keep rows unique are left out.';

create function refresh_table_statistics() returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  target record;
  refreshed integer := 0;
begin
  if not may_monitor() then
    return 0;
  end if;
  for target in
    select c.oid::regclass as name from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      and has_table_privilege(c.oid, 'maintain')
  loop
    execute format('analyze %s', target.name);
    refreshed := refreshed + 1;
  end loop;
  return refreshed;
end
$$;
comment on function refresh_table_statistics is
  'Has the planner look at all tables anew, as after a bulk load; answers how many.';

create function analyze_query_performance()
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
  return query
    select 'info', i.index_name::text,
      format('No statement has used it; it takes %s of %s. Drop it if that stays so over a whole month.',
        pg_size_pretty(i.bytes), i.table_name)
    from find_unused_indexes() i where i.bytes > 10 * 1024 * 1024;
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

-- Rights -------------------------------------------------------------------------------------------

grant usage, create on schema public to tenantry_definer;
do $$
declare
  signature regprocedure;
begin
  for signature in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = 'public'::regnamespace
      and p.proname in ('touch_sessions', 'note_sign_in_failures', 'statement_statistics', 'activity_of_days', 'usage_of_tenants',
        'refresh_table_statistics', 'analyze_query_performance')
  loop
    execute format('alter function %s owner to tenantry_definer', signature);
    execute format('revoke all on function %s from public', signature);
    execute format('grant execute on function %s to tenantry_app', signature);
    execute format('grant execute on function %s to %I', signature, current_user);
  end loop;
end
$$;
revoke create on schema public from tenantry_definer;
grant select, insert, update, delete on user_activity, sign_in_failures to tenantry_definer;
grant select on slow_queries, table_stats, index_usage, user_activity_stats, tenant_usage_stats
  to tenantry_definer, tenantry_app;
-- To analyze is a right of its own since PostgreSQL 17.
do $$
declare
  own record;
begin
  for own in
    select c.oid::regclass as name from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and pg_get_userbyid(c.relowner) = current_user
  loop
    execute format('grant maintain on %s to tenantry_definer', own.name);
  end loop;
end
$$;
