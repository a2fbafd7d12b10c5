-- "offset 0" keeps what is looked up for each session from being read into a table first.
create or replace function find_live_sessions(token_hashes bytea[], in_tenants uuid[])
returns table (
  ordinal bigint, session_id uuid, session_tenant_id uuid, ip text, user_agent text,
  place text, impersonator_id uuid, authenticated_seconds_ago integer,
  session_created_at timestamptz, last_seen_at timestamptz, idle_expires_at timestamptz, expires_at timestamptz,
  user_id uuid, email text, email_verified_at timestamptz, name text, avatar_url text, locale text, status text,
  is_platform_admin boolean, metadata jsonb, last_sign_in_at timestamptz, user_created_at timestamptz,
  access_tenant_id uuid, access_membership_id uuid, access_permissions text[], needs_touch boolean
)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
  set plan_cache_mode = 'force_generic_plan' set enable_seqscan = off
begin atomic
  select
    asked.ordinal, s.id, s.tenant_id, host(s.ip), s.user_agent, s.place, s.impersonator_id,
    seconds_since(s.authenticated_at),
    s.created_at, s.last_seen_at, s.last_seen_at + make_interval(secs => s.idle_timeout_seconds), s.expires_at,
    u.id, u.email, u.email_verified_at, u.name, u.avatar_url, u.locale, u.status,
    u.is_platform_admin, u.metadata, u.last_sign_in_at, u.created_at,
    m.tenant_id, m.id,
    case when m.id is not null then membership_permissions(m.tenant_id, m.id) end,
    s.last_seen_at < now() - interval '30 seconds'
  from unnest(token_hashes, in_tenants) with ordinality asked (token_hash, in_tenant, ordinal)
  join sessions s on s.token_hash = asked.token_hash
    and s.expires_at > now() and s.last_seen_at + make_interval(secs => s.idle_timeout_seconds) > now()
  join users u on u.id = s.user_id and u.status = 'active'
  -- The one membership there can be, for each session: a join would be free to read all of every tenant first.
  left join lateral (
    select w.tenant_id, w.id from user_tenants w join tenants t on t.id = w.tenant_id and t.status = 'active'
    where w.user_id = s.user_id and w.tenant_id = coalesce(asked.in_tenant, s.tenant_id) and w.is_active
    limit 1
  ) m on true
  -- A session bound to a tenant lives only as long as its user may act there.
  where (s.tenant_id is null or exists (
    select from user_tenants b join tenants bt on bt.id = b.tenant_id and bt.status = 'active'
    where b.tenant_id = s.tenant_id and b.user_id = s.user_id and b.is_active
    offset 0
  ))
  -- An impersonation lives only as long as who began it may do so, and never makes an administrator.
  and (s.impersonator_id is null or (not u.is_platform_admin and exists (
    select from users i where i.id = s.impersonator_id and i.is_platform_admin and i.status = 'active'
    offset 0
  )));
end;
comment on function find_live_sessions is
  'Session check: which of these tokens are good now by this clock, for whom, and with what permissions in the asked tenant (or the one the session is bound to).';
revoke execute on function find_live_sessions from public;
grant execute on function find_live_sessions to tenantry_app;
