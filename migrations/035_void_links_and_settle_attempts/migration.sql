-- Links in mails, requests for them, and attempts to prove a password (decision 050):
-- 1. Whatever changes or proves a credential voids the links that were mailed before. One trigger decides.
-- 2. A request for a reset is stored without looking at who has an account, and settled in the background.
-- 3. A reset of an address that nobody had proven ends everything that was made with the account before.
-- 4. Attempts under way are told from attempts that failed, so right passwords in parallel are not refused.

-- 1. Links ---------------------------------------------------------------------------------------------

create function void_links() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  if tg_table_name = 'password_credentials' then
    delete from one_time_tokens t where t.user_id = new.user_id and t.purpose = 'password_reset';
  else
    delete from one_time_tokens t where t.user_id = new.id
      and (new.email <> old.email or new.status <> 'active' or t.purpose = 'email_verification');
  end if;
  return null;
end
$$;
comment on function void_links is
  'The trigger that voids mailed links. A changed password voids links to reset it; a proven address those to prove it; another address or a suspension both. A sign-in voids none, or whoever knows the password could keep its owner from replacing it.';

-- A hash that a sign-in brings up to date is of the same password: it leaves changed_at as it is.
create trigger password_credentials_void_links after update of changed_at on password_credentials
  for each row when (new.changed_at <> old.changed_at) execute function void_links();
create trigger users_void_links after update of email, email_verified_at, status on users
  for each row when (new.email <> old.email
    or (new.status <> old.status and new.status <> 'active')
    or (old.email_verified_at is null and new.email_verified_at is not null))
  execute function void_links();

-- 2. Requests for a reset ------------------------------------------------------------------------------

create table password_reset_requests (
  id uuid not null default uuidv7(),
  email text not null,
  token_hash bytea not null,
  sealed_message bytea not null,
  is_for_inbox boolean not null,
  request_id text not null,
  ip inet,
  created_at timestamptz not null default now(),
  constraint password_reset_requests_pkey primary key (id),
  constraint password_reset_requests_token_hash_length check (octet_length(token_hash) = 32)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
comment on table password_reset_requests is
  'Requests for a reset, until settle_reset_request() looks up whether there is such an account. Rows are the same for addresses that are known and unknown, and are deleted within seconds either way.';
comment on column password_reset_requests.sealed_message is
  'The mail, sealed like those of the outbox: whom it is for is not known yet.';

alter table password_reset_requests enable row level security;
alter table password_reset_requests force row level security;
create policy definer on password_reset_requests to tenantry_definer using (true) with check (true);
grant select, insert, update, delete, maintain on password_reset_requests to tenantry_definer;

create function store_reset_request(
  address text, hash bytea, message bytea, for_inbox boolean, in_request_id text, source inet,
  source_max integer, source_window_seconds integer,
  address_max integer, address_window_seconds integer, spacing_seconds integer
)
returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  source_name text := coalesce(source_bucket(source), 'source:unknown');
  seconds integer;
begin
  -- The source first: one that has used up its budget makes no rows for addresses it invents.
  seconds := reserve_mail('reset-' || source_name, source_max, source_window_seconds, 0);
  if seconds = 0 then
    -- Per source and address: what strangers ask for counts for strangers.
    seconds := reserve_mail('reset:' || encode(sha256(convert_to(address, 'UTF8')), 'hex') || ':' || source_name,
      address_max, address_window_seconds, spacing_seconds);
  end if;
  if seconds = 0 then
    insert into password_reset_requests (email, token_hash, sealed_message, is_for_inbox, request_id, ip)
      values (address, hash, message, for_inbox, in_request_id, source);
  end if;
  return seconds;
end
$$;
comment on function store_reset_request is
  'Stores a request for a reset and looks nobody up, so that its time tells nothing. 0: stored; more: seconds to wait, counted per source and per source and address.';

create function settle_reset_request(lifetime_seconds integer, mails_max integer, spacing_seconds integer)
returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  request password_reset_requests;
  subject uuid;
  mail_bucket text;
  mailed integer;
begin
  delete from password_reset_requests r where r.id = (
      select o.id from password_reset_requests o order by o.id limit 1 for update skip locked)
    returning r.* into request;
  if not found then
    return false;
  end if;
  -- A flood of requests, from however many sources: mails_max mails in an hour, then one in spacing_seconds. That
  -- is less than a link is good for, so the mailbox always holds a good one, whoever asked for it.
  mail_bucket := 'reset-mail:' || encode(sha256(convert_to(request.email, 'UTF8')), 'hex');
  if reserve_mail(mail_bucket, mails_max, 3600, 0) > 0 and reserve_mail(mail_bucket || ':spaced', 1, spacing_seconds, 0) > 0 then
    return true;
  end if;
  -- Of a password that was changed since, nobody has asked for a reset.
  select u.id into subject from users u left join password_credentials c on c.user_id = u.id
    where u.email = request.email and u.status = 'active' and coalesce(c.changed_at, '-infinity') <= request.created_at;
  if not found then
    return true;
  end if;
  insert into one_time_tokens as t (user_id, purpose, token_hash, email, expires_at)
    values (subject, 'password_reset', request.token_hash, request.email,
      now() + make_interval(secs => lifetime_seconds))
    on conflict on constraint one_time_tokens_pkey do update
      set token_hash = excluded.token_hash, email = excluded.email,
        created_at = excluded.created_at, expires_at = excluded.expires_at;
  perform enqueue_mail(request.email, request.sealed_message, request.is_for_inbox);
  -- Nobody in particular asks, so nobody stands there as the actor; the audit log is that of the person.
  perform set_config('tenantry.platform', 'on', true);
  perform append_audit_event(null, subject, 'password.reset_requested', 'User', subject, '{}',
    request.request_id, request.ip);
  perform set_config('tenantry.platform', '', true);
  return true;
end
$$;
comment on function settle_reset_request is
  'Takes the oldest request for a reset: with token, mail and audit entry if the address is an active user''s; else it is only counted. False where there is none. For a job, which acts for nobody.';

-- 3. A reset proves the address ------------------------------------------------------------------------

create function reset_password_with_link(hash bytea, new_password_hash text)
returns table (user_id uuid, email text, sessions_ended integer, was_verified boolean)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  proven record;
begin
  select * into proven from take_one_time_token('password_reset', hash);
  if not found then
    return;
  end if;
  -- Password, user, sessions: in the order in which a sign-in locks them, or the two could lock each
  -- other out. A sign-in under way with the old password has opened its session before, or fails after.
  insert into password_credentials as c (user_id, password_hash) values (proven.user_id, new_password_hash)
    on conflict on constraint password_credentials_pkey
    do update set password_hash = excluded.password_hash, changed_at = now();
  -- Read first: what an update returns is how the row is afterwards.
  select u.email_verified_at is not null into was_verified from users u where u.id = proven.user_id for no key update;
  update users u set email_verified_at = now(), updated_at = now()
    where u.id = proven.user_id and u.email_verified_at is null;
  delete from sessions s where s.user_id = proven.user_id or s.impersonator_id = proven.user_id;
  get diagnostics sessions_ended = row_count;
  perform enter_scope(proven.user_id, null, false);
  user_id := proven.user_id;
  email := proven.email;
  return next;
end
$$;
comment on function reset_password_with_link is
  'Uses the token up, sets the password, ends all sessions, also those in the name of others, marks the address as its user''s (the mail came through), says whether it was so before, and lets the rest of the transaction act as that user. No row for a token that is not good.';

create function revoke_own_invitations()
returns table (id uuid, tenant_id uuid)
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  with revoked as (
    update invitations i set status = 'revoked', token_hash = null, settled_at = now()
    where i.invited_by = current_user_id() and i.status = 'pending'
      and current_api_key_id() is null and current_impersonator_id() is null
    returning i.id, i.tenant_id
  )
  select r.id, r.tenant_id from revoked r order by r.tenant_id, r.id;
end;
comment on function revoke_own_invitations is
  'Revokes all pending invitations that the person of the scope has sent, in whatever tenant; returns them.';

-- 4. Attempts under way --------------------------------------------------------------------------------

alter table sign_in_budgets
  add column under_way integer not null default 0,
  add column last_begun_at timestamptz;
comment on column sign_in_budgets.under_way is
  'Of the failures, those whose password is still being checked: each is settled by a success or a failure.';
comment on column sign_in_budgets.last_begun_at is
  'When the last attempt began. What is under way ten seconds later is of a server that died, and has failed.';
comment on column sign_in_budgets.bucket is
  'account:<SHA-256 of the e-mail address, known or not>, followed by :session for attempts by who holds a session of the account; source:<IPv4 address or IPv6 /64 network>; sign-up-source:… and reset-source:…; reset:<SHA-256 of the address>:<source> for requests and reset-mail:<SHA-256 of the address> for mails; verification:<user>; invitations:<tenant>, also with :<SHA-256 of the address>.';

create function load_attempts(in_bucket text, budget_window interval)
returns sign_in_budgets
language plpgsql volatile set search_path = pg_catalog, public, pg_temp
as $$
declare
  b sign_in_budgets;
  moment timestamptz;
begin
  insert into sign_in_budgets (bucket) values (in_bucket) on conflict do nothing;
  select * into b from sign_in_budgets where bucket = in_bucket for update;
  moment := clock_timestamp();
  if b.last_begun_at is null or b.last_begun_at + interval '10 seconds' <= moment then
    b.under_way := 0;
  end if;
  if b.window_started_at + budget_window <= moment then
    b.failures := b.under_way;
    b.window_started_at := moment;
  end if;
  return b;
end
$$;
comment on function load_attempts is
  'A budget as it is now, locked until the transaction ends; nothing is written but a new row.';

create function begin_sign_in(
  account text, source inet, holds_session boolean,
  free_failures integer, consecutive_max integer, source_failures_max integer, window_seconds integer
)
returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  wait_for_others constant integer := -2;
  shut constant integer := -1;
  budget_window interval := make_interval(secs => window_seconds);
  moment timestamptz;
  s sign_in_budgets;
  a sign_in_budgets;
  o sign_in_budgets;
begin
  -- Everybody locks the source first and the account second, so nobody waits in a circle; and a source
  -- that has used up its budget makes no rows for accounts it invents.
  s := load_attempts(coalesce(source_bucket(source), 'source:unknown'), budget_window);
  if s.failures >= source_failures_max then
    if s.failures - s.under_way < source_failures_max then
      return wait_for_others;
    end if;
    return greatest(1, ceil(extract(epoch from s.window_started_at + budget_window - clock_timestamp())));
  end if;
  a := load_attempts(account, budget_window);
  if a.consecutive >= consecutive_max then
    return case when a.consecutive - a.under_way < consecutive_max then wait_for_others else shut end;
  end if;
  -- Whoever holds a session of the account has delays of its own, which strangers cannot bring about.
  o := case when holds_session then load_attempts(account || ':session', budget_window) else a end;
  moment := clock_timestamp();
  -- Beyond the free failures one at a time: what is under way decides about the next.
  if o.failures >= free_failures and o.under_way > 0 then
    return wait_for_others;
  end if;
  if o.blocked_until > moment then
    return ceil(extract(epoch from o.blocked_until - moment));
  end if;
  update sign_in_budgets b
    set failures = o.failures + 1, under_way = o.under_way + 1, last_begun_at = moment,
      window_started_at = o.window_started_at,
      blocked_until = block_until(o.failures + 1, free_failures, budget_window, o.blocked_until)
    where b.bucket = o.bucket;
  update sign_in_budgets b
    set consecutive = a.consecutive + 1,
      under_way = a.under_way + 1, last_begun_at = moment
    where b.bucket = a.bucket;
  update sign_in_budgets b
    set failures = s.failures + 1, under_way = s.under_way + 1, last_begun_at = moment,
      window_started_at = s.window_started_at
    where b.bucket = s.bucket;
  return 0;
end
$$;
comment on function begin_sign_in is
  'Counts an attempt to prove a password as failed, before it is checked. 0: go ahead, then settle it by release_sign_in() or fail_sign_in(); more: seconds to wait; -1: the account is shut until a reset; -2: attempts under way decide, ask again in a moment.';

create function block_until(failures integer, free_failures integer, budget_window interval, before timestamptz)
returns timestamptz
language sql volatile set search_path = pg_catalog, public, pg_temp
begin atomic
  -- 1, 2, 4 … seconds from the last free failure on, at most a whole window.
  select case when failures >= free_failures
    then clock_timestamp() + least(budget_window, make_interval(secs => 2 ^ least(failures - free_failures, 20)))
    else before end;
end;
comment on function block_until is 'Until when an account takes no further attempt after so many failures.';

create function fail_sign_in(
  account text, source inet, holds_session boolean, free_failures integer, window_seconds integer
)
returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  own text := case when holds_session then account || ':session' else account end;
begin
  -- The failure was counted when it began. What is lost of this in a crash counts as failed ten seconds later.
  perform set_config('synchronous_commit', 'off', true);
  update sign_in_budgets b set under_way = greatest(0, b.under_way - 1)
    where b.bucket = coalesce(source_bucket(source), 'source:unknown');
  update sign_in_budgets b set under_way = greatest(0, b.under_way - 1)
    where b.bucket = account and own <> account;
  -- The delay counts from the moment when the failure is known.
  update sign_in_budgets b
    set under_way = greatest(0, b.under_way - 1),
      blocked_until = block_until(b.failures, free_failures, make_interval(secs => window_seconds), b.blocked_until)
    where b.bucket = own;
end
$$;
comment on function fail_sign_in is
  'Settles an attempt whose password was wrong, or that came to nothing otherwise.';

-- What a new password, or a person that goes, takes along.
create function forget_attempts(account text) returns void
language sql volatile set search_path = pg_catalog, public, pg_temp
begin atomic
  delete from sign_in_budgets b where b.bucket in (account, account || ':session');
end;
comment on function forget_attempts is 'Forgets the attempts on an account, also those that shut it.';

grant usage, create on schema public to tenantry_definer;
do $$
declare
  signature regprocedure;
begin
  for signature in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = 'public'::regnamespace
      and p.proname in ('void_links', 'store_reset_request', 'settle_reset_request', 'reset_password_with_link',
        'revoke_own_invitations', 'begin_sign_in', 'fail_sign_in')
  loop
    execute format('alter function %s owner to tenantry_definer', signature);
    execute format('revoke all on function %s from public', signature);
    execute format('grant execute on function %s to tenantry_app', signature);
    execute format('grant execute on function %s to %I', signature, current_user);
  end loop;
end
$$;
-- Called by triggers only.
revoke execute on function void_links from tenantry_app;

-- Only its owner may replace a function.
set local role tenantry_definer;

create or replace function release_sign_in(account text, source inet)
returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  update sign_in_budgets b
    set failures = greatest(0, b.failures - 1), under_way = greatest(0, b.under_way - 1)
    where b.bucket = coalesce(source_bucket(source), 'source:unknown');
  select forget_attempts(account);
end;

create or replace function reopen_account()
returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select forget_attempts('account:' || encode(sha256(convert_to(u.email, 'UTF8')), 'hex'))
    from users u where u.id = current_user_id();
end;

create or replace function forget_mailbox()
returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  digest text := encode(sha256(convert_to(old.email, 'UTF8')), 'hex');
begin
  delete from mail_outbox m where m.recipient = old.email;
  delete from password_reset_requests r where r.email = old.email;
  perform forget_attempts('account:' || digest);
  delete from sign_in_budgets b where b.bucket in (
    'verification:' || old.id, 'reset:' || digest, 'reset-mail:' || digest, 'reset-mail:' || digest || ':spaced');
  delete from sign_in_budgets b where b.bucket ^@ ('reset:' || digest || ':');
  return null;
end
$$;

reset role;
revoke create on schema public from tenantry_definer;

-- As before, but that a hash brought up to date is no change of the password.
create or replace function sign_in(
  owner uuid, tenant uuid, secret_hash bytea, from_ip inet, from_agent text, from_place text,
  idle_seconds integer, absolute_seconds integer, per_user_max integer, request_id text,
  checked_password_hash text, new_password_hash text, account text
) returns table (
  session_id uuid, session_tenant_id uuid, ip text, user_agent text, place text, impersonator_id uuid,
  authenticated_seconds_ago integer, session_created_at timestamptz, last_seen_at timestamptz,
  idle_expires_at timestamptz, expires_at timestamptz,
  user_id uuid, email text, email_verified_at timestamptz, name text, avatar_url text, locale text, status text,
  is_platform_admin boolean, metadata jsonb, last_sign_in_at timestamptz, user_created_at timestamptz
)
language plpgsql set search_path = pg_catalog, public, pg_temp set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  opened sessions;
begin
  -- Held as it was checked until the end, so that nobody gets in with one that was changed meanwhile.
  if new_password_hash is null then
    perform from password_credentials c
      where c.user_id = sign_in.owner and c.password_hash = sign_in.checked_password_hash for share;
  else
    update password_credentials c set password_hash = sign_in.new_password_hash
      where c.user_id = sign_in.owner and c.password_hash = sign_in.checked_password_hash;
  end if;
  if not found then
    return;
  end if;
  perform note_sign_in(owner);
  select s.* into opened from open_session(owner, tenant, secret_hash, from_ip, from_agent, from_place,
    idle_seconds, absolute_seconds, per_user_max, request_id, 0, null) s;
  perform append_audit_event(tenant, null, 'session.opened', 'Session', opened.id, '{}', request_id, from_ip);
  return query
    select
      opened.id, opened.tenant_id, host(opened.ip), opened.user_agent, opened.place, opened.impersonator_id,
      seconds_since(opened.authenticated_at),
      opened.created_at, opened.last_seen_at,
      opened.last_seen_at + make_interval(secs => opened.idle_timeout_seconds), opened.expires_at,
      u.id, u.email, u.email_verified_at, u.name, u.avatar_url, u.locale, u.status,
      u.is_platform_admin, u.metadata, u.last_sign_in_at, u.created_at
    from users u where u.id = sign_in.owner;
  if not found then
    raise exception 'whoever signs in must be visible to itself';
  end if;
  -- Last, since everybody behind one address waits for this row until the commit.
  perform release_sign_in(account, from_ip);
end
$$;
