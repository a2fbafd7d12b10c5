create or replace function list_roles_of_users(actor uuid, user_ids uuid[], tenant_ids uuid[])
returns table (user_id uuid, tenant_id uuid, tenant_status text, roles jsonb)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
  set plan_cache_mode = 'force_generic_plan' set enable_seqscan = off
begin atomic
  select
    m.user_id, m.tenant_id, t.status,
    coalesce((
      select jsonb_agg(jsonb_build_object('key', r.key, 'permissions', r.permissions) order by r.key)
      from membership_roles mr join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
      where mr.tenant_id = m.tenant_id and mr.membership_id = m.id
    ), '[]')
  from (select distinct a.user_id, a.tenant_id from unnest(user_ids, tenant_ids) a (user_id, tenant_id)) asked
  join user_tenants m on m.tenant_id = asked.tenant_id and m.user_id = asked.user_id and m.is_active
  join tenants t on t.id = m.tenant_id
  where m.user_id = actor
    or is_platform_scope()
    or exists (select from users a where a.id = actor and a.is_platform_admin and a.status = 'active')
    or exists (
      select from user_tenants v join tenants vt on vt.id = v.tenant_id and vt.status = 'active'
      join membership_roles vr on vr.tenant_id = v.tenant_id and vr.membership_id = v.id
      join roles r on r.tenant_id = vr.tenant_id and r.id = vr.role_id
      where v.tenant_id = m.tenant_id and v.user_id = actor and v.is_active and 'members:read' = any (r.permissions)
    );
end;
comment on function list_roles_of_users is
  'The roles that users have in tenants, for up to hundreds of pairs at once: the actor learns its own, those in tenants where it may read members, and all as a platform administrator.';
revoke execute on function list_roles_of_users from public;
grant execute on function list_roles_of_users to tenantry_app;
