-- A server is ready when its database has all that its release needs. It may have more: while servers are
-- replaced one after the other, the old ones work on the new schema. The history itself stays closed to it.
create or replace function has_migrations(names text[]) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  return not exists (
    select from unnest(names) wanted (name)
    where not exists (
      select from public._prisma_migrations m
      where m.migration_name = wanted.name and m.finished_at is not null and m.rolled_back_at is null
    )
  );
end
$$;
comment on function has_migrations is
  'Whether every one of these migrations has been applied to its end; for /readyz.';
revoke execute on function has_migrations from public;
grant execute on function has_migrations to tenantry_app;
