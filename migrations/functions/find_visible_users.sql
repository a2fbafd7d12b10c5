create or replace function find_visible_users(actor uuid, user_ids uuid[], only_tenant uuid) returns setof users
language sql stable security definer set search_path = pg_catalog, public, pg_temp
  set plan_cache_mode = 'force_generic_plan' set enable_seqscan = off
begin atomic
  select u.* from users u
  where u.id = any (user_ids) and (
    u.id = actor
    or (only_tenant is null and is_platform_scope())
    or (only_tenant is null and exists (
      select from users a where a.id = actor and a.is_platform_admin and a.status = 'active'))
    or exists (
      select from user_tenants w join user_tenants v on v.tenant_id = w.tenant_id
      join tenants vt on vt.id = v.tenant_id and vt.status = 'active'
      join membership_roles vr on vr.tenant_id = v.tenant_id and vr.membership_id = v.id
      join roles r on r.tenant_id = vr.tenant_id and r.id = vr.role_id
      where w.user_id = u.id and v.user_id = actor and v.is_active and 'members:read' = any (r.permissions)
        and (only_tenant is null or w.tenant_id = only_tenant)
    )
  );
end;
comment on function find_visible_users is
  'Those of these users the actor may see: itself, people of tenants where it may read members, everybody as a platform administrator.';
revoke execute on function find_visible_users from public;
grant execute on function find_visible_users to tenantry_app;
