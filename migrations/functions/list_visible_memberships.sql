-- Returns the pages of all requests in flight: a plan for each of them took longer to begin and end than the work.
create or replace function list_visible_memberships(
  actors uuid[], of_users uuid[], only_tenants uuid[], after_ids uuid[], page_sizes integer[]
)
returns table (
  ordinal bigint, id uuid, tenant_id uuid, user_id uuid, is_active boolean, metadata jsonb,
  last_sign_in_at timestamptz, joined_at timestamptz,
  -- To be read at once, and so not made jsonb before.
  tenant json, roles json
)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
  set plan_cache_mode = 'force_generic_plan' set enable_seqscan = off
begin atomic
  select
    asked.ordinal, m.id, m.tenant_id, m.user_id, m.is_active, m.metadata, m.last_sign_in_at, m.joined_at,
    json_build_object('id', t.id, 'slug', t.slug, 'name', t.name, 'status', t.status, 'metadata', t.metadata,
      'memberCount', t.member_count, 'createdAt', t.created_at, 'deletionAt', t.deletion_at),
    coalesce((
      select json_agg(json_build_object('id', r.id, 'tenantId', r.tenant_id, 'key', r.key, 'name', r.name,
        'description', r.description, 'isBuiltIn', r.is_built_in, 'permissions', r.permissions) order by r.key)
      from membership_roles mr join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
      where mr.tenant_id = m.tenant_id and mr.membership_id = m.id
    ), '[]')
  from unnest(actors, of_users, only_tenants, after_ids, page_sizes) with ordinality
    asked (actor, of_user, only_tenant, after_id, page_size, ordinal)
  cross join lateral (
    select w.* from user_tenants w
    where w.user_id = asked.of_user
      and (asked.after_id is null or w.id > asked.after_id)
      and (asked.only_tenant is null or w.tenant_id = asked.only_tenant)
      and (
        (w.user_id = asked.actor and w.is_active)
        or (asked.only_tenant is null and is_platform_scope())
        or (asked.only_tenant is null and exists (
          select from users a where a.id = asked.actor and a.is_platform_admin and a.status = 'active'
        ))
        -- Depends on no single question, so it is found once for all of them, and only if it is come to.
        or (asked.actor, w.tenant_id) in (
          select v.user_id, v.tenant_id
          from (select distinct q.actor from unnest(actors, of_users) q (actor, of_user) where q.actor <> q.of_user) o
          join user_tenants v on v.user_id = o.actor and v.is_active
          join tenants vt on vt.id = v.tenant_id and vt.status = 'active'
          join membership_roles vr on vr.tenant_id = v.tenant_id and vr.membership_id = v.id
          join roles r on r.tenant_id = vr.tenant_id and r.id = vr.role_id
          where 'members:read' = any (r.permissions)
        )
      )
    order by w.id
    limit asked.page_size
  ) m
  join tenants t on t.id = m.tenant_id
  -- A list that is too short is filled with null, which here would mean: in every tenant, and all of them.
  where asked.page_size is not null and cardinality(only_tenants) = cardinality(actors);
end;
comment on function list_visible_memberships is
  'Answers many questions at once, each for a page of one user''s memberships with tenant and roles, the oldest: its actor sees its own, those in tenants where it may read members, and all as a platform administrator.';
revoke execute on function list_visible_memberships from public;
grant execute on function list_visible_memberships to tenantry_app;
