-- What API keys need before there is a scope: who shows a key is nobody yet, use is noted for the keys of
-- many tenants at once, and a person ends its keys in all of its tenants together.

create function find_live_api_keys(token_hashes bytea[])
returns table (
  ordinal bigint, id uuid, tenant_id uuid, created_by uuid, name text, hint text, permissions text[],
  created_at timestamptz, expires_at timestamptz, last_used_at timestamptz, revoked_at timestamptz,
  effective_permissions text[], needs_touch boolean
)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select
    asked.ordinal, k.id, k.tenant_id, k.created_by, k.name, k.hint, k.permissions,
    k.created_at, k.expires_at, k.last_used_at, k.revoked_at,
    array(
      select p from unnest(membership_permissions(m.tenant_id, m.id)) p
      where p = any (k.permissions) order by p
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

create function touch_api_keys(api_key_ids uuid[]) returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select set_config('synchronous_commit', 'off', true);
  -- Asked again, so that of several processes only one writes.
  update api_keys k set last_used_at = now()
  where k.id = any (api_key_ids) and coalesce(k.last_used_at, '-infinity') < now() - interval '1 minute';
end;
comment on function touch_api_keys is
  'Notes that keys were just used, at most once a minute for each. Losing the last of this in a crash is harmless, so it does not wait for the disk.';

create function revoke_own_api_keys() returns table (id uuid, tenant_id uuid)
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

-- Rights -------------------------------------------------------------------------------------------

grant usage, create on schema public to tenantry_definer;
do $$
declare
  signature regprocedure;
begin
  for signature in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = 'public'::regnamespace
      and p.proname in ('find_live_api_keys', 'touch_api_keys', 'revoke_own_api_keys')
  loop
    execute format('alter function %s owner to tenantry_definer', signature);
    execute format('revoke all on function %s from public', signature);
    execute format('grant execute on function %s to tenantry_app', signature);
    execute format('grant execute on function %s to %I', signature, current_user);
  end loop;
end
$$;
revoke create on schema public from tenantry_definer;
