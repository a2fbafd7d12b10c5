create or replace function end_impersonations() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  delete from sessions s where s.impersonator_id = old.id;
  -- Nobody acts in the name of an administrator, also not of one who has only just become one.
  delete from sessions s where s.user_id = old.id and s.impersonator_id is not null;
  return null;
end
$$;
comment on function end_impersonations is
  'Impersonations end with what allowed them and do not come back to life with it.';
revoke execute on function end_impersonations from public;
