create or replace function list_grants(user_ids uuid[], tenant_ids uuid[], permissions text[])
returns table (ordinal bigint, is_granted boolean)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
  set plan_cache_mode = 'force_generic_plan' set enable_seqscan = off
begin atomic
  select asked.ordinal, exists (
    select from membership_roles mr join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
    where mr.tenant_id = m.tenant_id and mr.membership_id = m.id and asked.permission = any (r.permissions)
  )
  from unnest(user_ids, tenant_ids, permissions) with ordinality asked (user_id, tenant_id, permission, ordinal)
  join user_tenants m on m.tenant_id = asked.tenant_id and m.user_id = asked.user_id and m.is_active
  join users u on u.id = m.user_id and u.status = 'active'
  join tenants t on t.id = m.tenant_id and t.status = 'active';
end;
comment on function list_grants is
  'Whether each of these users has the permission now in the tenant beside it, no row where it does not belong there: all streams of a process are checked together.';
revoke execute on function list_grants from public;
grant execute on function list_grants to tenantry_app;
