-- Who acts: not only a person who has signed in, but also an API key of a tenant, an administrator in the
-- name of somebody else, and an operator at the command line. The database learns of each from the scope,
-- checks it there, and writes it into the trail.

-- API keys ----------------------------------------------------------------------------------------

create table api_keys (
  id uuid primary key default uuidv7(),
  tenant_id uuid not null references tenants (id) on delete cascade,
  created_by uuid references users (id) on delete set null,
  name text not null,
  token_hash bytea not null,
  hint text not null,
  permissions text[] not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz,
  constraint api_keys_tenant_id_id_unique unique (tenant_id, id),
  constraint api_keys_token_hash_unique unique (token_hash),
  constraint api_keys_token_hash_length check (octet_length(token_hash) = 32)
) with (fillfactor = 80);
comment on table api_keys is
  'Credentials of programs. A key acts in its tenant only, with its permissions as far as its creator has them at that moment. Room is left on each page so that noting last_used_at rewrites no index.';
comment on column api_keys.created_by is 'Whose rights bound it; null once that person is erased, and the key is dead then.';
comment on column api_keys.token_hash is 'SHA-256 of the key; the key itself is never stored.';
comment on column api_keys.hint is 'Prefix and last four characters, for people who look for a key.';

create index api_keys_created_by_idx on api_keys (created_by);
comment on index api_keys_created_by_idx is 'erasing a user; the keys that somebody has made';

alter table api_keys enable row level security;
alter table api_keys force row level security;
create policy tenant_scope on api_keys to tenantry_app
  using (tenant_id = (select current_tenant_id()) or (select is_platform_scope()))
  with check (tenant_id = (select current_tenant_id()) or (select is_platform_scope()));
create policy definer on api_keys to tenantry_definer using (true) with check (true);

-- Impersonation -------------------------------------------------------------------------------------

alter table sessions add column impersonator_id uuid;
comment on column sessions.impersonator_id is
  'The platform administrator who acts as the user. No foreign key: the session check asks whether that person may still do so.';

-- Settings of the connection, written only by enter_scope() -------------------------------------------

create function current_api_key_id() returns uuid
language sql stable parallel safe
return nullif(current_setting('tenantry.api_key_id', true), '')::uuid;
comment on function current_api_key_id is 'The API key that acts, or null where a person does.';

create function current_impersonator_id() returns uuid
language sql stable parallel safe
return nullif(current_setting('tenantry.impersonator_id', true), '')::uuid;
comment on function current_impersonator_id is 'The administrator who acts as the current user, or null.';

create function is_operator() returns boolean
language sql stable
return pg_has_role(
  session_user,
  (select p.polroles[1] from pg_policy p where p.polrelid = 'users'::regclass and p.polname = 'definer'),
  'member'
);
comment on function is_operator is
  'True for the owner of the database at the command line, who belongs to no tenant; the serving login is never one.';

drop function enter_scope(uuid, uuid, boolean);
create function enter_scope(
  actor uuid, tenant uuid, platform boolean, api_key uuid default null, impersonator uuid default null
)
returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
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

-- The session check learns of impersonation --------------------------------------------------------

drop function find_live_sessions(bytea[], uuid[]);
create function find_live_sessions(token_hashes bytea[], in_tenants uuid[])
returns table (
  ordinal bigint, session_id uuid, session_tenant_id uuid, ip text, user_agent text,
  impersonator_id uuid,
  session_created_at timestamptz, last_seen_at timestamptz, idle_expires_at timestamptz, expires_at timestamptz,
  user_id uuid, email text, email_verified_at timestamptz, name text, avatar_url text, locale text, status text,
  is_platform_admin boolean, metadata jsonb, last_sign_in_at timestamptz, user_created_at timestamptz,
  access_tenant_id uuid, access_membership_id uuid, access_permissions text[], needs_touch boolean
)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select
    asked.ordinal, s.id, s.tenant_id, host(s.ip), s.user_agent, s.impersonator_id,
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
  where (s.tenant_id is null or exists (
    select from user_tenants b join tenants bt on bt.id = b.tenant_id and bt.status = 'active'
    where b.tenant_id = s.tenant_id and b.user_id = s.user_id and b.is_active
  ))
  -- An impersonation lives only as long as who began it may do so.
  and (s.impersonator_id is null or exists (
    select from users i where i.id = s.impersonator_id and i.is_platform_admin and i.status = 'active'
  ));
end;
comment on function find_live_sessions is
  'Session check: which of these tokens are good now by this clock, for whom, and with what permissions in the asked tenant (or the one the session is bound to).';

-- An operator is nobody in particular and sees what the platform scope shows --------------------------

-- Only its owner replaces a function, and whoever migrates may be no superuser.
grant usage, create on schema public to tenantry_definer;
set local role tenantry_definer;

create or replace function list_visible_memberships(
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
        or (only_tenant is null and is_platform_scope())
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

create or replace function find_visible_users(actor uuid, user_ids uuid[], only_tenant uuid) returns setof users
language sql stable security definer set search_path = pg_catalog, public, pg_temp
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

create or replace function list_roles_of_users(actor uuid, user_ids uuid[], tenant_ids uuid[])
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
    or is_platform_scope()
    or exists (select from users a where a.id = actor and a.is_platform_admin and a.status = 'active')
    or exists (
      select from user_tenants v join tenants vt on vt.id = v.tenant_id and vt.status = 'active'
      join membership_roles vr on vr.tenant_id = v.tenant_id and vr.membership_id = v.id
      join roles r on r.tenant_id = vr.tenant_id and r.id = vr.role_id
      where v.tenant_id = m.tenant_id and v.user_id = actor and v.is_active and 'members:read' = any (r.permissions)
    );
end;

reset role;

-- The trail tells keys and impersonators ------------------------------------------------------------

alter table audit_events
  add column actor_type text not null default 'User',
  add constraint audit_events_actor_type_known check (actor_type in ('User', 'ApiKey'));
comment on column audit_events.actor_type is 'What actor_id is the id of.';
comment on column audit_events.actor_id is 'The user or API key that acted; null for an operator or the system itself.';

create or replace function audit_hash(previous bytea, event audit_events) returns bytea
language sql immutable parallel safe set search_path = pg_catalog, public, pg_temp
begin atomic
  -- jsonb prints equal values equally, so the text is the same wherever it is hashed again. What has been
  -- added since is hashed where it says something, so that older rows keep their hashes.
  select sha256(previous || convert_to((jsonb_build_array(
    event.id, event.chain_id, event.sequence, event.tenant_id, (extract(epoch from event.at) * 1000000)::bigint,
    event.action, event.actor_id, event.impersonator_id, event.target_type, event.target_id, event.changes,
    event.request_id, host(event.ip)
  ) || case when event.actor_type = 'User' then '[]'::jsonb else jsonb_build_array(event.actor_type) end)::text, 'UTF8'));
end;

set local role tenantry_definer;

create or replace function append_audit_event(
  in_tenant uuid, subject uuid, action text, target_type text, target uuid, changes jsonb,
  request_id text, ip inet
)
returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  actor uuid := current_user_id();
  api_key uuid := current_api_key_id();
  is_known_tenant boolean := is_operator() or in_tenant = current_tenant_id() or is_platform_scope() or exists (
    select from user_tenants m where m.tenant_id = in_tenant and m.user_id = actor and m.is_active
  );
  is_known_subject boolean := is_operator() or subject is null or subject = actor or is_platform_scope();
  head audit_heads;
  event audit_events;
begin
  -- Nobody writes into the trail of a tenant or person that it does not act in: such an entry stands
  -- in the chain of who wrote it.
  in_tenant := case when is_known_tenant then in_tenant end;
  subject := case when is_known_subject then coalesce(subject, actor) else actor end;
  -- The row lock on the head makes the events of one chain stand in the order of their commits.
  insert into audit_heads as h (chain_id, sequence, hash)
    values (coalesce(in_tenant, subject), 0, sha256(''))
    on conflict (chain_id) do update set sequence = h.sequence
    returning * into head;
  event.id := uuidv7();
  event.chain_id := head.chain_id;
  event.sequence := head.sequence + 1;
  event.tenant_id := in_tenant;
  event.at := clock_timestamp();
  event.action := action;
  event.actor_id := coalesce(api_key, actor);
  event.actor_type := case when api_key is null then 'User' else 'ApiKey' end;
  event.impersonator_id := current_impersonator_id();
  event.target_type := target_type;
  event.target_id := target;
  event.changes := changes;
  event.request_id := request_id;
  event.ip := ip;
  event.hash := audit_hash(head.hash, event);
  insert into audit_events values (event.*);
  update audit_heads h set sequence = event.sequence, hash = event.hash where h.chain_id = head.chain_id;
end
$$;

reset role;

-- Rights -------------------------------------------------------------------------------------------

do $$
declare
  signature regprocedure;
begin
  for signature in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.proname in ('enter_scope', 'find_live_sessions')
  loop
    execute format('alter function %s owner to tenantry_definer', signature);
    execute format('revoke all on function %s from public', signature);
    execute format('grant execute on function %s to tenantry_app', signature);
    execute format('grant execute on function %s to %I', signature, current_user);
  end loop;
end
$$;
revoke create on schema public from tenantry_definer;
grant select, insert, update, delete on api_keys to tenantry_definer;
grant select on api_keys to tenantry_app;
grant insert (tenant_id, created_by, name, token_hash, hint, permissions, expires_at) on api_keys to tenantry_app;
grant update (name, expires_at, revoked_at) on api_keys to tenantry_app;
