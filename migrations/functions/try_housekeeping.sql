create or replace function try_housekeeping() returns boolean
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select pg_try_advisory_xact_lock(7201874035);
end;
comment on function try_housekeeping is
  'True for the one transaction that may do a step of the housekeeping now; other processes leave it to that one.';
revoke execute on function try_housekeeping from public;
grant execute on function try_housekeeping to tenantry_app;
