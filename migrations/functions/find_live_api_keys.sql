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
comment on function find_live_api_keys is
  'Key check: which of these keys are good now by this clock, and what they may do: of their permissions, those that their creator has at this moment.';
revoke execute on function find_live_api_keys from public;
grant execute on function find_live_api_keys to tenantry_app;
