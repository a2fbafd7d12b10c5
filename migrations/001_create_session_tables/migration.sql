-- Users, tenants, roles, memberships and sessions, and the two locks on them:
-- what is stored (tables), who may see it (row security), and the few questions that cross tenants
-- (security definer functions, each listed in docs/decisions/006-row-security.md).

create extension if not exists pg_trgm;

-- Definer functions look names up here, so nobody but the owner may put any.
revoke create on schema public from public;

-- Roles ------------------------------------------------------------------------------------------
-- Roles belong to the whole server, so each database has its own: the runner puts their names in place of
-- tenantry_app and tenantry_definer, and has made them already (docs/decisions/039). Another tool takes the
-- plain names, of which a server can have one pair.
do $$
declare
  name text;
begin
  foreach name in array array['tenantry_app', 'tenantry_definer'] loop
    if not exists (select from pg_roles where rolname = name) then
      execute format('create role %I nologin nosuperuser nocreatedb nocreaterole noinherit nobypassrls', name);
    end if;
  end loop;
  -- An owner that is no superuser hands functions over to tenantry_definer, and grants them in its name.
  if not pg_has_role(current_user, 'tenantry_definer', 'usage') then
    execute format('grant tenantry_definer to %I with inherit true, set true', current_user);
  end if;
  -- Its commands act with the rights of the server.
  if not pg_has_role(current_user, 'tenantry_app', 'set') then
    execute format('grant tenantry_app to %I with inherit false, set true', current_user);
  end if;
end
$$;

-- Who is asking: settings of the connection, written only by enter_scope() below ------------------
-- After its first use a setting reads '' and not null, hence nullif().

create function current_user_id() returns uuid
language sql stable parallel safe
return nullif(current_setting('tenantry.user_id', true), '')::uuid;
comment on function current_user_id is 'The user on whose behalf this connection acts, or null.';

create function current_tenant_id() returns uuid
language sql stable parallel safe
return nullif(current_setting('tenantry.tenant_id', true), '')::uuid;
comment on function current_tenant_id is 'The one tenant whose rows are visible now, or null for none.';

create function is_platform_scope() returns boolean
language sql stable parallel safe
return coalesce(current_setting('tenantry.platform', true), '') = 'on';
comment on function is_platform_scope is 'True while a platform administrator acts across tenants.';

-- Tables -----------------------------------------------------------------------------------------

create table users (
  id uuid primary key default uuidv7(),
  email text not null,
  email_verified_at timestamptz,
  name text,
  avatar_url text,
  locale text,
  status text not null default 'active',
  is_platform_admin boolean not null default false,
  metadata jsonb not null default '{}',
  last_sign_in_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  search_text text not null generated always as (email || ' ' || coalesce(name, '')) stored,
  constraint users_email_unique unique (email),
  constraint users_email_length check (octet_length(email) between 3 and 254),
  constraint users_status_known check (status in ('active', 'suspended')),
  constraint users_metadata_object check (jsonb_typeof(metadata) = 'object')
);
comment on table users is 'People. A person exists once and may belong to many tenants.';
comment on column users.email is 'Canonical form, made in one place (src/lib/email.ts); the database never folds case.';
comment on column users.search_text is 'What the fuzzy search of platform administrators looks at.';

create table password_credentials (
  user_id uuid primary key references users (id) on delete cascade,
  password_hash text not null,
  changed_at timestamptz not null default now(),
  constraint password_credentials_hash_phc check (password_hash like '$%')
);
comment on table password_credentials is
  'One password hash (PHC string) per user, apart from users so that no tenant scope can ever read it.';

create table tenants (
  id uuid primary key default uuidv7(),
  slug text not null,
  name text not null,
  status text not null default 'active',
  metadata jsonb not null default '{}',
  member_count integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deletion_at timestamptz,
  search_text text not null generated always as (slug || ' ' || name) stored,
  constraint tenants_slug_unique unique (slug),
  constraint tenants_slug_form check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) between 3 and 50),
  constraint tenants_status_known check (status in ('active', 'suspended', 'pending_deletion')),
  constraint tenants_metadata_object check (jsonb_typeof(metadata) = 'object')
);
comment on table tenants is 'The organisations that use the product.';
comment on column tenants.member_count is
  'Active memberships, kept by trigger: a list of 100 tenants must not count a million rows.';

create table built_in_roles (
  key text primary key,
  name text not null,
  description text not null,
  permissions text[] not null
);
comment on table built_in_roles is
  'The roles every tenant gets, written from the permission catalogue each time the database is opened.';

create table roles (
  id uuid primary key default uuidv7(),
  tenant_id uuid not null references tenants (id) on delete cascade,
  key text not null,
  name text not null,
  description text,
  is_built_in boolean not null default false,
  permissions text[] not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint roles_tenant_id_id_unique unique (tenant_id, id),
  constraint roles_tenant_id_key_unique unique (tenant_id, key),
  constraint roles_key_form check (key ~ '^[a-z][a-z0-9_-]{0,49}$')
);
comment on table roles is 'Named sets of permissions of one tenant.';

create table user_tenants (
  id uuid primary key default uuidv7(),
  tenant_id uuid not null references tenants (id) on delete cascade,
  user_id uuid not null references users (id) on delete cascade,
  is_active boolean not null default true,
  metadata jsonb not null default '{}',
  last_sign_in_at timestamptz not null default '1970-01-01 00:00:00+00',
  joined_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint user_tenants_tenant_id_id_unique unique (tenant_id, id),
  constraint user_tenants_tenant_id_user_id_unique unique (tenant_id, user_id),
  constraint user_tenants_metadata_object check (jsonb_typeof(metadata) = 'object')
);
comment on table user_tenants is 'Memberships: which user belongs to which tenant.';
comment on column user_tenants.last_sign_in_at is
  'Copied from the user at sign-in so that one index serves "members, last sign-in first"; epoch means never, which keeps the order total and cursors simple.';

create table membership_roles (
  tenant_id uuid not null,
  membership_id uuid not null,
  role_id uuid not null,
  constraint membership_roles_pkey primary key (tenant_id, membership_id, role_id),
  constraint membership_roles_membership_fkey foreign key (tenant_id, membership_id)
    references user_tenants (tenant_id, id) on delete cascade,
  constraint membership_roles_role_fkey foreign key (tenant_id, role_id)
    references roles (tenant_id, id) on delete restrict
);
comment on table membership_roles is
  'The roles of a membership. Both keys carry the tenant, so a role of another tenant cannot be given.';

create table sessions (
  id uuid primary key default uuidv7(),
  user_id uuid not null references users (id) on delete cascade,
  tenant_id uuid,
  token_hash bytea not null,
  ip inet,
  user_agent text,
  idle_timeout_seconds integer not null,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  constraint sessions_token_hash_unique unique (token_hash),
  constraint sessions_token_hash_length check (octet_length(token_hash) = 32),
  constraint sessions_membership_fkey foreign key (tenant_id, user_id)
    references user_tenants (tenant_id, user_id) on delete cascade
) with (fillfactor = 80);
comment on table sessions is
  'Live sign-ins. A revoked session is a deleted row. Room is left on each page so that noting last_seen_at rewrites no index.';
comment on column sessions.token_hash is 'SHA-256 of the token; the token itself is never stored.';
comment on column sessions.tenant_id is 'When set, the session may act in this tenant only, and ends with the membership.';

create table sign_in_budgets (
  bucket text primary key,
  failures integer not null default 0,
  consecutive integer not null default 0,
  window_started_at timestamptz not null default clock_timestamp(),
  blocked_until timestamptz
);
comment on table sign_in_budgets is
  'Failed sign-ins per account and per source, reserved before a password is checked. Only the functions reserve_sign_in() and release_sign_in() touch it.';
comment on column sign_in_budgets.bucket is
  'account:<SHA-256 of the e-mail address, known or not> or source:<IPv4 address or IPv6 /64 network>';
comment on column sign_in_budgets.consecutive is
  'Failures since the last success; at 100 the account is shut until its password is reset (NIST SP 800-63B-4).';

-- member_count -----------------------------------------------------------------------------------

create function update_member_counts() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    update tenants t set member_count = t.member_count + c.members
      from (select tenant_id, count(*)::int as members from changed where is_active group by 1) c
      where t.id = c.tenant_id;
  elsif tg_op = 'DELETE' then
    update tenants t set member_count = t.member_count - c.members
      from (select tenant_id, count(*)::int as members from former where is_active group by 1) c
      where t.id = c.tenant_id;
  else
    update tenants t set member_count = t.member_count + c.members
      from (
        select n.tenant_id, sum(n.is_active::int - o.is_active::int)::int as members
        from changed n join former o using (id) where n.is_active <> o.is_active group by 1
      ) c
      where t.id = c.tenant_id and c.members <> 0;
  end if;
  return null;
end
$$;
comment on function update_member_counts is 'Keeps tenants.member_count, once per statement and not per row.';

create trigger user_tenants_count_inserted after insert on user_tenants
  referencing new table as changed for each statement execute function update_member_counts();
create trigger user_tenants_count_deleted after delete on user_tenants
  referencing old table as former for each statement execute function update_member_counts();
create trigger user_tenants_count_updated after update on user_tenants
  referencing new table as changed old table as former for each statement execute function update_member_counts();

-- Row security: no scope, no rows -----------------------------------------------------------------
-- Settings are compared through (select …), which PostgreSQL evaluates once per statement.

alter table users enable row level security;
alter table users force row level security;
alter table password_credentials enable row level security;
alter table password_credentials force row level security;
alter table tenants enable row level security;
alter table tenants force row level security;
alter table built_in_roles enable row level security;
alter table built_in_roles force row level security;
alter table roles enable row level security;
alter table roles force row level security;
alter table user_tenants enable row level security;
alter table user_tenants force row level security;
alter table membership_roles enable row level security;
alter table membership_roles force row level security;
alter table sign_in_budgets enable row level security;
alter table sign_in_budgets force row level security;
alter table sessions enable row level security;
alter table sessions force row level security;

create policy tenant_scope on tenants to tenantry_app
  using (id = (select current_tenant_id()) or (select is_platform_scope()))
  with check (id = (select current_tenant_id()) or (select is_platform_scope()));
create policy tenant_scope on roles to tenantry_app
  using (tenant_id = (select current_tenant_id()) or (select is_platform_scope()))
  with check (tenant_id = (select current_tenant_id()) or (select is_platform_scope()));
create policy tenant_scope on user_tenants to tenantry_app
  using (tenant_id = (select current_tenant_id()) or (select is_platform_scope()))
  with check (tenant_id = (select current_tenant_id()) or (select is_platform_scope()));
create policy tenant_scope on membership_roles to tenantry_app
  using (tenant_id = (select current_tenant_id()) or (select is_platform_scope()))
  with check (tenant_id = (select current_tenant_id()) or (select is_platform_scope()));

-- A user sees itself, and the people of the tenant it is acting in; it changes only itself.
create policy own_row on users to tenantry_app
  using (id = (select current_user_id()) or (select is_platform_scope()))
  with check (id = (select current_user_id()) or (select is_platform_scope()));
create policy same_tenant on users for select to tenantry_app
  using (exists (
    select from user_tenants m
    where m.tenant_id = (select current_tenant_id()) and m.user_id = users.id
  ));

create policy own_row on password_credentials to tenantry_app
  using (user_id = (select current_user_id()))
  with check (user_id = (select current_user_id()));

-- A user sees all of its sessions; a tenant sees, and may end, those that are bound to it.
create policy own_rows on sessions to tenantry_app
  using (user_id = (select current_user_id()) or (select is_platform_scope()))
  with check (user_id = (select current_user_id()) or (select is_platform_scope()));
create policy tenant_reads on sessions for select to tenantry_app
  using (tenant_id = (select current_tenant_id()));
create policy tenant_revokes on sessions for delete to tenantry_app
  using (tenant_id = (select current_tenant_id()));

-- The definer functions below answer across tenants, so their owner sees all.
create policy definer on users to tenantry_definer using (true) with check (true);
create policy definer on password_credentials to tenantry_definer using (true) with check (true);
create policy definer on tenants to tenantry_definer using (true) with check (true);
create policy definer on built_in_roles to tenantry_definer using (true) with check (true);
create policy definer on roles to tenantry_definer using (true) with check (true);
create policy definer on user_tenants to tenantry_definer using (true) with check (true);
create policy definer on membership_roles to tenantry_definer using (true) with check (true);
create policy definer on sign_in_budgets to tenantry_definer using (true) with check (true);
create policy definer on sessions to tenantry_definer using (true) with check (true);

-- Definer functions: the questions that cross tenants ---------------------------------------------

create function enter_scope(actor uuid, tenant uuid, platform boolean) returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select
    set_config('tenantry.user_id', coalesce(actor::text, ''), true),
    set_config('tenantry.tenant_id', coalesce((
      select m.tenant_id::text from user_tenants m
      join tenants t on t.id = m.tenant_id and t.status = 'active'
      where m.tenant_id = tenant and m.user_id = actor and m.is_active
    ), ''), true),
    set_config('tenantry.platform', case when platform and exists (
      select from users u where u.id = actor and u.is_platform_admin and u.status = 'active'
    ) then 'on' else '' end, true);
end;
comment on function enter_scope is
  'Opens what the other statements of this transaction may see, and nothing after it. The database itself checks the membership or the platform right of the actor, so a service that forgets its own check finds no rows.';

create function membership_permissions(tenant uuid, membership uuid) returns text[]
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select coalesce(array_agg(distinct p order by p), '{}')
  from membership_roles mr
  join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
  cross join unnest(r.permissions) p
  where mr.tenant_id = tenant and mr.membership_id = membership;
end;
comment on function membership_permissions is 'All permissions that the roles of a membership give together, sorted.';

create function find_live_sessions(token_hashes bytea[], in_tenants uuid[])
returns table (
  ordinal bigint, session_id uuid, session_tenant_id uuid, ip text, user_agent text,
  session_created_at timestamptz, last_seen_at timestamptz, idle_expires_at timestamptz, expires_at timestamptz,
  user_id uuid, email text, email_verified_at timestamptz, name text, avatar_url text, locale text, status text,
  is_platform_admin boolean, metadata jsonb, last_sign_in_at timestamptz, user_created_at timestamptz,
  access_tenant_id uuid, access_membership_id uuid, access_permissions text[], needs_touch boolean
)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select
    asked.ordinal, s.id, s.tenant_id, host(s.ip), s.user_agent,
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
  left join (user_tenants m join tenants t on t.id = m.tenant_id and t.status = 'active')
    on m.user_id = s.user_id and m.tenant_id = coalesce(asked.in_tenant, s.tenant_id) and m.is_active
  -- A session bound to a tenant lives only as long as its user may act there.
  where s.tenant_id is null or exists (
    select from user_tenants b join tenants bt on bt.id = b.tenant_id and bt.status = 'active'
    where b.tenant_id = s.tenant_id and b.user_id = s.user_id and b.is_active
  );
end;
comment on function find_live_sessions is
  'Session check: which of these tokens are good now by this clock, for whom, and with what permissions in the asked tenant (or the one the session is bound to).';

create function touch_sessions(session_ids uuid[]) returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select set_config('synchronous_commit', 'off', true);
  update sessions s set last_seen_at = now() where s.id = any (session_ids);
end;
comment on function touch_sessions is
  'Notes that sessions were just used. Losing the last second of this in a crash is harmless, so it does not wait for the disk.';

create function find_credentials(sign_in_email text)
returns table (user_id uuid, status text, is_platform_admin boolean, password_hash text)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select u.id, u.status, u.is_platform_admin, c.password_hash
  from users u join password_credentials c on c.user_id = u.id
  where u.email = sign_in_email;
end;
comment on function find_credentials is 'Login: the user with this canonical e-mail address and the hash to check.';

create function source_bucket(source inet) returns text
language sql immutable strict parallel safe
return 'source:' || case
  when family(source) = 6 then network(set_masklen(source, 64))::text else host(source)
end;
comment on function source_bucket is 'One bucket per IPv4 address or IPv6 /64 network, however it is written.';

create function reserve_sign_in(
  account text, source inet, is_known_device boolean,
  free_failures integer, consecutive_max integer, source_failures_max integer, window_seconds integer
)
returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  moment timestamptz;
  budget_window interval := make_interval(secs => window_seconds);
  a sign_in_budgets;
  s sign_in_budgets;
begin
  -- Everybody locks the source first and the account second, so nobody waits in a circle; and a source
  -- that has used up its budget makes no rows for accounts it invents.
  insert into sign_in_budgets (bucket) values (coalesce(source_bucket(source), 'source:unknown'))
    on conflict do nothing;
  select * into s from sign_in_budgets where bucket = coalesce(source_bucket(source), 'source:unknown') for update;
  moment := clock_timestamp();
  if s.window_started_at + budget_window <= moment then
    s.failures := 0;
    s.window_started_at := moment;
  end if;
  if s.failures >= source_failures_max then
    return greatest(1, ceil(extract(epoch from s.window_started_at + budget_window - moment)));
  end if;
  insert into sign_in_budgets (bucket) values (account) on conflict do nothing;
  select * into a from sign_in_budgets where bucket = account for update;
  moment := clock_timestamp();
  if a.consecutive >= consecutive_max then
    return -1;
  end if;
  if a.blocked_until > moment and not is_known_device then
    return ceil(extract(epoch from a.blocked_until - moment));
  end if;
  if a.window_started_at + budget_window <= moment then
    a.failures := 0;
    a.window_started_at := moment;
  end if;
  a.failures := a.failures + 1;
  -- 1, 2, 4 … seconds from the last free failure on, at most a whole window.
  if a.failures >= free_failures then
    a.blocked_until := moment + least(budget_window, make_interval(secs => 2 ^ least(a.failures - free_failures, 20)));
  end if;
  update sign_in_budgets b
    set failures = a.failures, consecutive = a.consecutive + 1,
      window_started_at = a.window_started_at, blocked_until = a.blocked_until
    where b.bucket = a.bucket;
  update sign_in_budgets b
    set failures = s.failures + 1, window_started_at = s.window_started_at
    where b.bucket = s.bucket;
  return 0;
end
$$;
comment on function reserve_sign_in is
  'Counts an attempt as failed before its password is checked, so that parallel tries cannot slip through. 0: go ahead; more: seconds to wait; -1: shut until the password is reset.';

create function release_sign_in(account text, source inet) returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  -- The source first, as in reserve_sign_in(): two orders would be a deadlock.
  update sign_in_budgets b set failures = greatest(0, b.failures - 1)
    where b.bucket = coalesce(source_bucket(source), 'source:unknown');
  delete from sign_in_budgets b where b.bucket = account;
end;
comment on function release_sign_in is 'Takes back what a successful sign-in had reserved.';

create function reserve_sign_up(source inet, sign_ups_max integer, window_seconds integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  moment timestamptz;
  budget_window interval := make_interval(secs => window_seconds);
  s sign_in_budgets;
begin
  insert into sign_in_budgets (bucket) values ('sign-up-' || coalesce(source_bucket(source), 'source:unknown'))
    on conflict do nothing;
  select * into s from sign_in_budgets
    where bucket = 'sign-up-' || coalesce(source_bucket(source), 'source:unknown') for update;
  moment := clock_timestamp();
  if s.window_started_at + budget_window <= moment then
    s.failures := 0;
    s.window_started_at := moment;
  end if;
  if s.failures >= sign_ups_max then
    return greatest(1, ceil(extract(epoch from s.window_started_at + budget_window - moment)));
  end if;
  update sign_in_budgets b set failures = s.failures + 1, window_started_at = s.window_started_at
    where b.bucket = s.bucket;
  return 0;
end
$$;
comment on function reserve_sign_up is
  'Counts a sign-up of a source before its password is hashed: neither hashes nor answers about who has signed up come without end. 0: go ahead; more: seconds to wait.';

create function note_sign_in(actor uuid) returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  update users u set last_sign_in_at = now() where u.id = actor;
  update user_tenants m set last_sign_in_at = now() where m.user_id = actor and m.is_active;
end;
comment on function note_sign_in is 'Remembers the sign-in on the user and on all of its memberships.';

create function find_access(actor uuid, tenant_ids uuid[], slugs text[])
returns table (
  tenant_id uuid, slug text, name text, status text, metadata jsonb, member_count integer,
  created_at timestamptz, deletion_at timestamptz,
  membership_id uuid, permissions text[]
)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select
    t.id, t.slug, t.name, t.status, t.metadata, t.member_count, t.created_at, t.deletion_at,
    m.id,
    membership_permissions(m.tenant_id, m.id)
  from user_tenants m
  join tenants t on t.id = m.tenant_id
  where m.user_id = actor and m.is_active
    and (m.tenant_id = any (tenant_ids) or m.tenant_id in (select n.id from tenants n where n.slug = any (slugs)));
end;
comment on function find_access is 'In which of these tenants (by id or slug) the actor is an active member, and what it may do there.';

create function list_visible_memberships(
  actor uuid, of_users uuid[], only_tenant uuid, after_id uuid, page_size integer
)
returns table (
  id uuid, tenant_id uuid, user_id uuid, is_active boolean, metadata jsonb,
  last_sign_in_at timestamptz, joined_at timestamptz,
  tenant jsonb, roles jsonb
)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select
    m.id, m.tenant_id, m.user_id, m.is_active, m.metadata, m.last_sign_in_at, m.joined_at,
    jsonb_build_object('id', t.id, 'slug', t.slug, 'name', t.name, 'status', t.status, 'metadata', t.metadata,
      'memberCount', t.member_count, 'createdAt', t.created_at, 'deletionAt', t.deletion_at),
    coalesce((
      select jsonb_agg(jsonb_build_object('id', r.id, 'tenantId', r.tenant_id, 'key', r.key, 'name', r.name,
        'description', r.description, 'isBuiltIn', r.is_built_in, 'permissions', r.permissions) order by r.key)
      from membership_roles mr join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
      where mr.tenant_id = m.tenant_id and mr.membership_id = m.id
    ), '[]')
  from unnest(of_users) asked (user_id)
  cross join lateral (
    select w.* from user_tenants w
    where w.user_id = asked.user_id
      and (after_id is null or w.id > after_id)
      and (only_tenant is null or w.tenant_id = only_tenant)
      and (
        (w.user_id = actor and w.is_active)
        or (only_tenant is null and exists (
      select from users a where a.id = actor and a.is_platform_admin and a.status = 'active'))
        or exists (
          select from user_tenants v join tenants vt on vt.id = v.tenant_id and vt.status = 'active'
          join membership_roles vr on vr.tenant_id = v.tenant_id and vr.membership_id = v.id
          join roles r on r.tenant_id = vr.tenant_id and r.id = vr.role_id
          where v.tenant_id = w.tenant_id and v.user_id = actor and v.is_active
            and 'members:read' = any (r.permissions)
        )
      )
    order by w.id
    limit page_size
  ) m
  join tenants t on t.id = m.tenant_id
  order by m.user_id, m.id;
end;
comment on function list_visible_memberships is
  'Memberships of users with tenant and roles, oldest first, a page per user: the actor sees its own, those in tenants where it may read members, and all as a platform administrator.';

create function find_visible_users(actor uuid, user_ids uuid[], only_tenant uuid) returns setof users
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select u.* from users u
  where u.id = any (user_ids) and (
    u.id = actor
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

create function list_roles_of_users(actor uuid, user_ids uuid[], tenant_ids uuid[])
returns table (user_id uuid, tenant_id uuid, tenant_status text, roles jsonb)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
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

create function search_users(
  pattern text, contains jsonb, with_status text, above uuid, below uuid, is_descending boolean, page_size integer
)
returns setof users
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_custom_plan
as $$
begin
  if not is_platform_scope() then
    return;
  end if;
  -- Trigram and containment operators are not leakproof, so under row security they could use no index.
  if is_descending then
    return query
      select u.* from users u
      where (pattern is null or u.search_text ilike '%' || pattern || '%' or pattern <% u.search_text)
        and (contains is null or u.metadata @> contains)
        and (with_status is null or u.status = with_status)
        and (above is null or u.id > above) and (below is null or u.id < below)
      order by u.id desc limit page_size;
  else
    return query
      select u.* from users u
      where (pattern is null or u.search_text ilike '%' || pattern || '%' or pattern <% u.search_text)
        and (contains is null or u.metadata @> contains)
        and (with_status is null or u.status = with_status)
        and (above is null or u.id > above) and (below is null or u.id < below)
      order by u.id limit page_size;
  end if;
end
$$;
comment on function search_users is
  'Fuzzy search for platform administrators over e-mail and name, in the order of creation; nothing outside the platform scope.';

create function search_tenants(
  pattern text, contains jsonb, with_status text, above uuid, below uuid, is_descending boolean, page_size integer
)
returns setof tenants
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_custom_plan
as $$
begin
  if not is_platform_scope() then
    return;
  end if;
  -- Trigram and containment operators are not leakproof, so under row security they could use no index.
  if is_descending then
    return query
      select t.* from tenants t
      where (pattern is null or t.search_text ilike '%' || pattern || '%' or pattern <% t.search_text)
        and (contains is null or t.metadata @> contains)
        and (with_status is null or t.status = with_status)
        and (above is null or t.id > above) and (below is null or t.id < below)
      order by t.id desc limit page_size;
  else
    return query
      select t.* from tenants t
      where (pattern is null or t.search_text ilike '%' || pattern || '%' or pattern <% t.search_text)
        and (contains is null or t.metadata @> contains)
        and (with_status is null or t.status = with_status)
        and (above is null or t.id > above) and (below is null or t.id < below)
      order by t.id limit page_size;
  end if;
end
$$;
comment on function search_tenants is
  'Fuzzy search for platform administrators over slug and name, in the order of creation; nothing outside the platform scope.';

create function found_tenant(actor uuid, tenant_id uuid, tenant_slug text, tenant_name text, tenant_metadata jsonb)
returns uuid
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  membership uuid := uuidv7();
begin
  insert into tenants (id, slug, name, metadata) values (tenant_id, tenant_slug, tenant_name, tenant_metadata);
  insert into roles (tenant_id, key, name, description, is_built_in, permissions)
    select found_tenant.tenant_id, b.key, b.name, b.description, true, b.permissions from built_in_roles b;
  insert into user_tenants (id, tenant_id, user_id, last_sign_in_at)
    select membership, found_tenant.tenant_id, u.id, coalesce(u.last_sign_in_at, 'epoch')
    from users u where u.id = actor;
  insert into membership_roles (tenant_id, membership_id, role_id)
    select found_tenant.tenant_id, membership, r.id from roles r
    where r.tenant_id = found_tenant.tenant_id and r.key = 'owner';
  return membership;
end
$$;
comment on function found_tenant is
  'Creates a tenant with its built-in roles and makes the actor its owner; the scope of a tenant cannot be entered before somebody belongs to it.';

create function sync_built_in_roles(definitions jsonb) returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into built_in_roles (key, name, description, permissions)
    select d.key, d.name, d.description, d.permissions
    from jsonb_to_recordset(definitions) d (key text, name text, description text, permissions text[])
    on conflict (key) do update
      set name = excluded.name, description = excluded.description, permissions = excluded.permissions
      where (built_in_roles.name, built_in_roles.description, built_in_roles.permissions)
        is distinct from (excluded.name, excluded.description, excluded.permissions);
  update roles r set name = b.name, description = b.description, permissions = b.permissions, updated_at = now()
    from built_in_roles b
    where r.is_built_in and r.key = b.key
      and (r.name, r.description, r.permissions) is distinct from (b.name, b.description, b.permissions);
end
$$;
comment on function sync_built_in_roles is
  'Brings the built-in roles of every tenant to what the permission catalogue of this release says.';

-- Rights -----------------------------------------------------------------------------------------

grant usage, create on schema public to tenantry_definer;
do $$
declare
  signature regprocedure;
begin
  for signature in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.prosecdef
  loop
    execute format('alter function %s owner to tenantry_definer', signature);
    execute format('revoke all on function %s from public', signature);
    execute format('grant execute on function %s to tenantry_app', signature);
    execute format('grant execute on function %s to %I', signature, current_user);
  end loop;
end
$$;
-- The first is the owner's alone; the others are called by definer functions and a trigger only.
revoke execute on function sync_built_in_roles, membership_permissions, update_member_counts from tenantry_app;
revoke create on schema public from tenantry_definer;

grant select, insert, update, delete on
  users, password_credentials, tenants, built_in_roles, roles, user_tenants, membership_roles, sessions,
  sign_in_budgets
  to tenantry_definer;

grant usage on schema public to tenantry_app;
grant select on tenants, users, built_in_roles, password_credentials to tenantry_app;
grant select, delete on roles, user_tenants to tenantry_app;
grant select, insert, delete on membership_roles, sessions to tenantry_app;
-- No column that says whose a row is: a membership handed to somebody else would show that person.
grant insert (tenant_id, key, name, description, permissions) on roles to tenantry_app;
grant update (name, description, permissions, updated_at) on roles to tenantry_app;
grant update (is_active, metadata, updated_at) on user_tenants to tenantry_app;
grant insert, update (password_hash, changed_at) on password_credentials to tenantry_app;
grant update (slug, name, metadata, updated_at) on tenants to tenantry_app;
grant insert (id, email, name, avatar_url, locale, metadata) on users to tenantry_app;
grant update (name, avatar_url, locale, metadata, last_sign_in_at, updated_at) on users to tenantry_app;
