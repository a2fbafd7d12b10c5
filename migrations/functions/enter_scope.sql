create or replace function enter_scope(
  actor uuid, tenant uuid, platform boolean, api_key uuid default null, impersonator uuid default null
)
returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
  set plan_cache_mode = 'force_generic_plan' set enable_seqscan = off
begin atomic
  select
    -- A key acts for its tenant and not for its creator, whose own rows stay closed to it.
    set_config('tenantry.user_id', case when c.is_good and api_key is null then coalesce(actor::text, '') else '' end, true),
    set_config('tenantry.tenant_id', coalesce((
      select m.tenant_id::text from user_tenants m
      join tenants t on t.id = m.tenant_id and t.status = 'active'
      where m.tenant_id = tenant and m.user_id = actor and m.is_active and c.is_good
    ), ''), true),
    set_config('tenantry.platform', case when platform and api_key is null and impersonator is null and (
      exists (select from users u where u.id = actor and u.is_platform_admin and u.status = 'active')
      or (actor is null and is_operator())
    ) then 'on' else '' end, true),
    set_config('tenantry.api_key_id', case when c.is_good then coalesce(api_key::text, '') else '' end, true),
    set_config('tenantry.impersonator_id', case when c.is_good then coalesce(impersonator::text, '') else '' end, true)
  from (
    select (api_key is null or exists (
        select from api_keys k join users u on u.id = k.created_by and u.status = 'active'
        where k.id = api_key and k.tenant_id = tenant and k.created_by = actor
          and k.revoked_at is null and k.expires_at > now()
      )) and (impersonator is null or exists (
        select from sessions s join users i on i.id = s.impersonator_id and i.is_platform_admin and i.status = 'active'
        where s.user_id = actor and s.impersonator_id = impersonator and s.expires_at > now()
      )) as is_good
  ) c;
end;
comment on function enter_scope is
  'Opens what the other statements of this transaction may see, and nothing after it. The database itself checks the membership or the platform right of the actor, and the key or the impersonation it acts by, so a service that forgets its own check finds no rows.';
revoke execute on function enter_scope from public;
grant execute on function enter_scope to tenantry_app;
