-- Acting in somebody's name, and proving again who one is: what the database itself holds an impersonation
-- to, where a session was opened and when its user last proved who they are; and the housekeeping that
-- deletes what has had its time.

alter table sessions
  add column place text,
  -- Sessions from before count as proven long ago: their users are asked once more, and no row is rewritten.
  add column authenticated_at timestamptz not null default 'epoch',
  add constraint sessions_place_length check (length(place) between 1 and 100),
  -- However it is opened and whatever is set: nobody acts in another's name for longer than an hour.
  add constraint sessions_impersonation_short
    check (impersonator_id is null or expires_at <= created_at + interval '1 hour');
alter table sessions alter column authenticated_at set default now();
comment on column sessions.place is 'Where it was opened from, in the words of the proxy in front; null where none says.';
comment on column sessions.authenticated_at is
  'When its user last proved who they are with a password; what is dangerous asks how long ago that is.';

create index sessions_impersonator_id_idx on sessions (impersonator_id) where impersonator_id is not null;
comment on index sessions_impersonator_id_idx is
  'ending the impersonations of an administrator: revokeSessions, changePassword, suspension, demotion';

-- Whoever acts in another's name may see that session and end it.
create policy impersonator_reads on sessions for select to tenantry_app
  using (impersonator_id = (select current_user_id()));
create policy impersonator_ends on sessions for delete to tenantry_app
  using (impersonator_id = (select current_user_id()));

grant update (authenticated_at) on sessions to tenantry_app;

-- Impersonation -------------------------------------------------------------------------------------

create function check_impersonation() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  -- Both rows are held, so that a suspension or promotion under way is waited for, and one that comes later
  -- finds the session and ends it.
  perform from users u
    where u.id = new.user_id and u.id <> new.impersonator_id and u.status = 'active' and not u.is_platform_admin
    for share;
  if not found then
    return null;
  end if;
  perform from users i where i.id = new.impersonator_id and i.is_platform_admin and i.status = 'active' for share;
  if not found or not (is_operator() or (is_platform_scope() and new.impersonator_id = current_user_id())) then
    return null;
  end if;
  return new;
end
$$;
comment on function check_impersonation is
  'No session comes of an impersonation unless an administrator opens it in the platform scope, as itself, of somebody active who is none.';
create trigger sessions_check_impersonation before insert on sessions
  for each row when (new.impersonator_id is not null) execute function check_impersonation();

create function end_impersonations() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  delete from sessions s where s.impersonator_id = old.id;
  -- Nobody acts in the name of an administrator, also not of one who has only just become one.
  delete from sessions s where s.user_id = old.id and s.impersonator_id is not null;
  return null;
end
$$;
comment on function end_impersonations is
  'Impersonations end with what allowed them and do not come back to life with it.';
create trigger users_end_impersonations after update of status, is_platform_admin on users
  for each row when (old.status <> new.status or old.is_platform_admin <> new.is_platform_admin)
  execute function end_impersonations();
create trigger users_end_impersonations_of_gone after delete on users
  for each row when (old.is_platform_admin) execute function end_impersonations();

-- The session check learns of both ------------------------------------------------------------------

create function seconds_since(moment timestamptz) returns integer
language sql stable parallel safe
return least(ceil(extract(epoch from now() - moment)), 2147483647)::integer;
comment on function seconds_since is 'Whole seconds since then by the clock of the database, rounded up.';

drop function find_live_sessions(bytea[], uuid[]);
create function find_live_sessions(token_hashes bytea[], in_tenants uuid[])
returns table (
  ordinal bigint, session_id uuid, session_tenant_id uuid, ip text, user_agent text,
  place text, impersonator_id uuid, authenticated_seconds_ago integer,
  session_created_at timestamptz, last_seen_at timestamptz, idle_expires_at timestamptz, expires_at timestamptz,
  user_id uuid, email text, email_verified_at timestamptz, name text, avatar_url text, locale text, status text,
  is_platform_admin boolean, metadata jsonb, last_sign_in_at timestamptz, user_created_at timestamptz,
  access_tenant_id uuid, access_membership_id uuid, access_permissions text[], needs_touch boolean
)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
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
  left join (user_tenants m join tenants t on t.id = m.tenant_id and t.status = 'active')
    on m.user_id = s.user_id and m.tenant_id = coalesce(asked.in_tenant, s.tenant_id) and m.is_active
  -- A session bound to a tenant lives only as long as its user may act there.
  where (s.tenant_id is null or exists (
    select from user_tenants b join tenants bt on bt.id = b.tenant_id and bt.status = 'active'
    where b.tenant_id = s.tenant_id and b.user_id = s.user_id and b.is_active
  ))
  -- An impersonation lives only as long as who began it may do so, and never makes an administrator.
  and (s.impersonator_id is null or (not u.is_platform_admin and exists (
    select from users i where i.id = s.impersonator_id and i.is_platform_admin and i.status = 'active'
  )));
end;
comment on function find_live_sessions is
  'Session check: which of these tokens are good now by this clock, for whom, and with what permissions in the asked tenant (or the one the session is bound to).';

-- What has had its time: one delete for each kind, each told by its name -----------------------------

drop function delete_expired_data(integer, integer);
create function delete_expired_data(consecutive_max integer, rows_max integer)
returns table (kind text, deleted integer)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  -- What is lost of this in a crash is deleted again.
  perform set_config('synchronous_commit', 'off', true);

  kind := 'sessions';
  delete from sessions s where s.id in (
    select o.id from sessions o
    where o.expires_at <= now() or o.last_seen_at + make_interval(secs => o.idle_timeout_seconds) <= now()
    limit rows_max for update skip locked);
  get diagnostics deleted = row_count;
  return next;

  -- Accounts that exist and such that do not are forgotten alike, or their difference would show. What
  -- shuts an account stays, whatever its age (NIST SP 800-63B-4).
  kind := 'signInBudgets';
  delete from sign_in_budgets b where b.bucket in (
    select o.bucket from sign_in_budgets o
    where o.consecutive < consecutive_max and coalesce(o.blocked_until, now()) <= now()
      and o.window_started_at < now() - case
        when starts_with(o.bucket, 'account:') then interval '90 days' else interval '1 day' end
    limit rows_max for update skip locked);
  get diagnostics deleted = row_count;
  return next;
end
$$;
comment on function delete_expired_data is
  'Deletes at most so many rows of each kind that has had its time, and tells how many: expired sessions, and budgets of failed sign-ins that limit nobody any more.';

create function try_housekeeping() returns boolean
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select pg_try_advisory_xact_lock(7201874035);
end;
comment on function try_housekeeping is
  'True for the one transaction that may do a step of the housekeeping now; other processes leave it to that one.';

-- Rights -------------------------------------------------------------------------------------------

grant usage, create on schema public to tenantry_definer;
do $$
declare
  signature regprocedure;
begin
  for signature in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = 'public'::regnamespace
      and p.proname in ('check_impersonation', 'end_impersonations', 'find_live_sessions', 'delete_expired_data',
        'try_housekeeping')
  loop
    execute format('alter function %s owner to tenantry_definer', signature);
    execute format('revoke all on function %s from public', signature);
    execute format('grant execute on function %s to tenantry_app', signature);
    execute format('grant execute on function %s to %I', signature, current_user);
  end loop;
end
$$;
-- Called by triggers only.
revoke execute on function check_impersonation, end_impersonations from tenantry_app;
revoke create on schema public from tenantry_definer;
