-- pg_stat_statements mostly puts $1, $2 … for the values in a statement, but not always: a utility statement such
-- as DO keeps its text, and so does one whose entry was evicted or reset between its planning and its end. What is
-- quoted may be anybody's, so it is hidden here, whatever the extension did.

create function hide_literals(statement text) returns text
language sql immutable strict parallel safe
-- The bodies in dollar quotes first, since they may hold quotes of their own.
return regexp_replace(
  regexp_replace(statement, '\$([a-z_]\w*|)\$.*\$\1\$', '$…$', 'gi'),
  '''([^'']|'''')*(''|$)', '''…''', 'g');
comment on function hide_literals is
  'The statement with … for all that stands in single or dollar quotes; rather too much than too little.';

-- Only its owner may replace a function.
grant usage, create on schema public to tenantry_definer;
set local role tenantry_definer;
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
  return query execute
    'select public.hide_literals(s.query), s.calls, s.mean_exec_time, s.total_exec_time, s.rows,
       s.shared_blks_hit, s.shared_blks_read
     from public.pg_stat_statements s
     where s.dbid = (select d.oid from pg_database d where d.datname = current_database()) and s.toplevel';
exception when object_not_in_prerequisite_state then
  -- The extension is there, but was not loaded when PostgreSQL started.
  return;
end
$$;
reset role;
revoke create on schema public from tenantry_definer;
