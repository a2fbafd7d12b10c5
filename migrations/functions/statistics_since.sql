create or replace function statistics_since() returns timestamptz
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
revoke execute on function statistics_since from public;
grant execute on function statistics_since to tenantry_app;
