create or replace function update_tenant_limits(tenant uuid, members integer, api_keys integer, custom_roles integer)
returns setof tenants
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  update tenants t set
      members_max = coalesce(members, t.members_max),
      api_keys_max = coalesce(api_keys, t.api_keys_max),
      custom_roles_max = coalesce(custom_roles, t.custom_roles_max),
      updated_at = now()
    where t.id = tenant and is_platform_scope()
    returning t.*;
end;
comment on function update_tenant_limits is
  'What a tenant is allowed; null leaves a limit as it is. No row outside the platform scope.';
revoke execute on function update_tenant_limits from public;
grant execute on function update_tenant_limits to tenantry_app;
