create or replace function revoke_own_api_keys() returns table (id uuid, tenant_id uuid)
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  with revoked as (
    update api_keys k set revoked_at = now()
    where k.created_by = current_user_id() and k.revoked_at is null
      and current_api_key_id() is null and current_impersonator_id() is null
    returning k.id, k.tenant_id
  )
  select r.id, r.tenant_id from revoked r order by r.tenant_id, r.id;
end;
comment on function revoke_own_api_keys is
  'Ends all keys that the person of the scope has made, in whatever tenant; answers them.';
revoke execute on function revoke_own_api_keys from public;
grant execute on function revoke_own_api_keys to tenantry_app;
