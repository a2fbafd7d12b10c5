create or replace function set_user_status(subject uuid, wanted text) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  if not is_platform_scope() then
    return false;
  end if;
  update users u set status = wanted, updated_at = now() where u.id = subject and u.status <> wanted;
  return found;
end
$$;
comment on function set_user_status is
  'The only way to suspend or reinstate a user; false outside the platform scope or where nothing changes.';
revoke execute on function set_user_status from public;
grant execute on function set_user_status to tenantry_app;
