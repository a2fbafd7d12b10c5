-- A plan that is kept (020) was made for the tables as they were then. In a young database those were nearly empty,
-- and to read such a table whole looks cheapest; a few minutes and some thousand tenants later each session check
-- read all of them, until the next analyze. What these functions look for they find by an index, always, so the
-- other way is no choice of theirs.

-- Only its owner replaces a function, and whoever migrates may be no superuser.
grant usage, create on schema public to tenantry_definer;
set local role tenantry_definer;

-- As before; what it asks for each session it asks by itself ("offset 0" keeps it from being read into a table first).
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

alter function enter_scope(uuid, uuid, boolean, uuid, uuid) set enable_seqscan = off;
alter function find_live_api_keys(bytea[]) set enable_seqscan = off;
alter function find_credentials(text) set enable_seqscan = off;
alter function find_access(uuid, uuid[], text[]) set enable_seqscan = off;
alter function find_visible_users(uuid, uuid[], uuid) set enable_seqscan = off;
alter function list_visible_memberships(uuid, uuid[], uuid, uuid, integer) set enable_seqscan = off;
alter function list_roles_of_users(uuid, uuid[], uuid[]) set enable_seqscan = off;
alter function list_grants(uuid[], uuid[], text[]) set enable_seqscan = off;
alter function note_sign_in(uuid) set enable_seqscan = off;
alter function touch_sessions(uuid[]) set enable_seqscan = off;
alter function touch_api_keys(uuid[]) set enable_seqscan = off;
reset role;
revoke create on schema public from tenantry_definer;
