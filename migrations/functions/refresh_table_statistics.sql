create or replace function refresh_table_statistics() returns integer
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
  'Analyzes all tables, as after a bulk load; returns how many.';
revoke execute on function refresh_table_statistics from public;
grant execute on function refresh_table_statistics to tenantry_app;
