-- Both functions are asked for all requests in flight together. To begin and end a plan for each question took longer
-- than to answer it, so all are answered by one; the function that answered one stays for servers of the release
-- before, and goes with one of the next.

create function list_visible_memberships(
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
comment on function list_visible_memberships(uuid[], uuid[], uuid[], uuid[], integer[]) is
  'Answers many questions at once, each for a page of one user''s memberships with tenant and roles, the oldest: its actor sees its own, those in tenants where it may read members, and all as a platform administrator.';

grant usage, create on schema public to tenantry_definer;
do $$
declare
  signature constant regprocedure = 'list_visible_memberships(uuid[], uuid[], uuid[], uuid[], integer[])';
begin
  execute format('alter function %s owner to tenantry_definer', signature);
  execute format('revoke all on function %s from public', signature);
  execute format('grant execute on function %s to tenantry_app', signature);
  execute format('grant execute on function %s to %I', signature, current_user);
end
$$;

-- Only its owner replaces a function, and whoever migrates may be no superuser.
set local role tenantry_definer;

-- A key has few permissions: each is looked for among its creator's roles, instead of gathering all of those.
create or replace function find_live_api_keys(token_hashes bytea[])
returns table (
  ordinal bigint, id uuid, tenant_id uuid, created_by uuid, name text, hint text, permissions text[],
  created_at timestamptz, expires_at timestamptz, last_used_at timestamptz, revoked_at timestamptz,
  effective_permissions text[], needs_touch boolean
)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
  set plan_cache_mode = 'force_generic_plan' set enable_seqscan = off
begin atomic
  select
    asked.ordinal, k.id, k.tenant_id, k.created_by, k.name, k.hint, k.permissions,
    k.created_at, k.expires_at, k.last_used_at, k.revoked_at,
    array(
      select p from unnest(k.permissions) p
      where exists (
        select from membership_roles mr join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
        where mr.tenant_id = m.tenant_id and mr.membership_id = m.id and p = any (r.permissions)
        offset 0
      )
      order by p
    ),
    coalesce(k.last_used_at, '-infinity') < now() - interval '1 minute'
  from unnest(token_hashes) with ordinality asked (token_hash, ordinal)
  join api_keys k on k.token_hash = asked.token_hash and k.revoked_at is null and k.expires_at > now()
  join tenants t on t.id = k.tenant_id and t.status = 'active'
  join users u on u.id = k.created_by and u.status = 'active'
  join user_tenants m on m.tenant_id = k.tenant_id and m.user_id = k.created_by and m.is_active;
end;

reset role;
revoke create on schema public from tenantry_definer;
