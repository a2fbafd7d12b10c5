-- Tokens that prove a mailbox, sent by mail and good once; and what takes the mails out of the outbox:
-- to a mail server, or to the inbox of development.

create table one_time_tokens (
  user_id uuid not null references users (id) on delete cascade,
  purpose text not null,
  token_hash bytea not null,
  email text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  constraint one_time_tokens_pkey primary key (user_id, purpose),
  constraint one_time_tokens_token_hash_unique unique (token_hash),
  constraint one_time_tokens_token_hash_length check (octet_length(token_hash) = 32),
  constraint one_time_tokens_purpose_known check (purpose in ('email_verification', 'password_reset'))
);
comment on table one_time_tokens is
  'Tokens sent to mailboxes, one per user and purpose: the newest replaces the one before. A token that was used is a deleted row.';
comment on column one_time_tokens.token_hash is 'SHA-256 of the token; the token itself stands in the mail alone.';
comment on column one_time_tokens.email is 'The address it was sent to: it proves this one and no later one.';

alter table one_time_tokens enable row level security;
alter table one_time_tokens force row level security;
create policy definer on one_time_tokens to tenantry_definer using (true) with check (true);

comment on table sign_in_budgets is
  'Failed sign-ins per account and per source, reserved before a password is checked, and mails that somebody asked for. Only the functions reserve_…() and release_sign_in() touch it.';
comment on column sign_in_budgets.bucket is
  'account:<SHA-256 of the e-mail address, known or not> or source:<IPv4 address or IPv6 /64 network>; sign-up-… and reset-… of a source; reset:<SHA-256 of the address> and verification:<user> for mails.';

-- Mails that may be asked for ----------------------------------------------------------------------

create function reserve_mail(in_bucket text, mails_max integer, window_seconds integer, spacing_seconds integer)
returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  moment timestamptz;
  budget_window interval := make_interval(secs => window_seconds);
  b sign_in_budgets;
begin
  insert into sign_in_budgets (bucket) values (in_bucket) on conflict do nothing;
  select * into b from sign_in_budgets where bucket = in_bucket for update;
  moment := clock_timestamp();
  if b.window_started_at + budget_window <= moment then
    b.failures := 0;
    b.window_started_at := moment;
  end if;
  if b.failures >= mails_max then
    return greatest(1, ceil(extract(epoch from b.window_started_at + budget_window - moment)));
  end if;
  if b.blocked_until > moment then
    return ceil(extract(epoch from b.blocked_until - moment));
  end if;
  update sign_in_budgets s
    set failures = b.failures + 1, window_started_at = b.window_started_at,
      blocked_until = moment + make_interval(secs => spacing_seconds)
    where s.bucket = in_bucket;
  return 0;
end
$$;
comment on function reserve_mail is
  'Counts a mail that somebody asks for, for known and unknown addresses alike. 0: go ahead; more: seconds to wait, and nothing was counted.';

create function forget_mailbox() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  delete from mail_outbox m where m.recipient = old.email;
  delete from sign_in_budgets b where b.bucket in (
    'verification:' || old.id, 'reset:' || encode(sha256(convert_to(old.email, 'UTF8')), 'hex'));
  return null;
end
$$;
comment on function forget_mailbox is 'A person that is erased takes along the mails that wait for it.';
create trigger users_forget_mailbox after delete on users
  for each row execute function forget_mailbox();

-- Tokens -------------------------------------------------------------------------------------------

create function create_verification_token(
  hash bytea, lifetime_seconds integer, mails_max integer, window_seconds integer, spacing_seconds integer
)
returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  seconds integer := reserve_mail('verification:' || current_user_id(), mails_max, window_seconds, spacing_seconds);
begin
  if seconds = 0 then
    insert into one_time_tokens as t (user_id, purpose, token_hash, email, expires_at)
      select u.id, 'email_verification', hash, u.email, now() + make_interval(secs => lifetime_seconds)
      from users u where u.id = current_user_id()
      on conflict (user_id, purpose) do update
        set token_hash = excluded.token_hash, email = excluded.email,
          created_at = excluded.created_at, expires_at = excluded.expires_at;
  end if;
  return seconds;
end
$$;
comment on function create_verification_token is
  'A token with which the user of the scope proves its address; the one before it is void. 0: made; more: seconds to wait for the next mail.';

create function find_one_time_token(for_purpose text, hash bytea) returns table (user_id uuid, email text)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select t.user_id, t.email from one_time_tokens t
  join users u on u.id = t.user_id and u.email = t.email and u.status = 'active'
  where t.token_hash = hash and t.purpose = for_purpose and t.expires_at > now();
end;
comment on function find_one_time_token is
  'Whose token this is, while it is good: not used, replaced or expired, for this purpose, of a user who is active and still has the address.';

create function take_one_time_token(for_purpose text, hash bytea) returns table (user_id uuid, email text)
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  -- Of many who come at once, the first to delete the row has it; the others find none.
  delete from one_time_tokens t using users u
    where t.token_hash = hash and t.purpose = for_purpose and t.expires_at > now()
      and u.id = t.user_id and u.email = t.email and u.status = 'active'
    returning t.user_id, t.email;
end;
comment on function take_one_time_token is 'The same, and uses it up; for the functions that act on it.';

create function verify_email(hash bytea) returns table (user_id uuid, email text, was_verified boolean)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  proven record;
begin
  select * into proven from take_one_time_token('email_verification', hash);
  if not found then
    return;
  end if;
  -- Read first: what an update returns is how the row is afterwards.
  select u.email_verified_at is not null into was_verified from users u where u.id = proven.user_id;
  update users u set email_verified_at = now(), updated_at = now()
    where u.id = proven.user_id and u.email_verified_at is null;
  perform enter_scope(proven.user_id, null, false);
  user_id := proven.user_id;
  email := proven.email;
  return next;
end
$$;
comment on function verify_email is
  'Uses the token up, marks the address as its user''s, and lets the rest of the transaction act as that user. No row for a token that is not good.';

create function reset_password(hash bytea, new_password_hash text)
returns table (user_id uuid, email text, sessions_ended integer)
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
  update users u set email_verified_at = now(), updated_at = now()
    where u.id = proven.user_id and u.email_verified_at is null;
  delete from sessions s where s.user_id = proven.user_id;
  get diagnostics sessions_ended = row_count;
  perform enter_scope(proven.user_id, null, false);
  user_id := proven.user_id;
  email := proven.email;
  return next;
end
$$;
comment on function reset_password is
  'Uses the token up, sets the password, ends all sessions, marks the address as its user''s (the mail came through), and lets the rest of the transaction act as that user. No row for a token that is not good.';

create function reopen_account() returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  delete from sign_in_budgets b using users u
    where u.id = current_user_id() and b.bucket = 'account:' || encode(sha256(convert_to(u.email, 'UTF8')), 'hex');
end;
comment on function reopen_account is
  'Forgets the failed sign-ins of the user of the scope, also those that shut the account: after a reset, and last in its transaction, as sign-ins lock budgets last.';

-- The outbox -----------------------------------------------------------------------------------------

alter table mail_outbox add column is_for_inbox boolean not null default false;
comment on column mail_outbox.is_for_inbox is
  'Written where development shows mails on a page instead of sending them: never sent, and only the newest stay.';
comment on column mail_outbox.last_fault is 'Why the last attempt failed, as codes: what a mail server writes may name the recipient.';

create index mail_outbox_due_idx on mail_outbox (next_attempt_at) where not is_for_inbox;
comment on index mail_outbox_due_idx is 'claim_mails(): those that are due, the longest waiting first';
create index mail_outbox_recipient_idx on mail_outbox (recipient);
comment on index mail_outbox_recipient_idx is 'forget_mailbox(): the mails to a person that is erased';

drop function enqueue_mail(text, bytea);
create function enqueue_mail(to_address text, message bytea, for_inbox boolean default false) returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into mail_outbox (recipient, sealed_message, is_for_inbox) values (to_address, message, for_inbox);
  if for_inbox then
    delete from mail_outbox m where m.id in (
      select o.id from mail_outbox o where o.is_for_inbox order by o.id desc offset 100 limit 10
      for update skip locked);
  end if;
end
$$;
comment on function enqueue_mail is
  'Puts a mail into the outbox, in the transaction of what it tells of; or into the inbox of development, which keeps the newest hundred.';

create function list_inbox(rows_max integer)
returns table (id uuid, recipient text, sealed_message bytea, created_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select m.id, m.recipient, m.sealed_message, m.created_at from mail_outbox m
  where m.is_for_inbox order by m.id desc limit rows_max;
end;
comment on function list_inbox is 'The newest mails of the inbox of development, newest first. Mails that are to be sent never show.';

create function claim_mails(rows_max integer, lease_seconds integer)
returns table (id uuid, recipient text, sealed_message bytea, attempts integer, created_at timestamptz, age_seconds integer)
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  update mail_outbox m
    set attempts = m.attempts + 1, next_attempt_at = now() + make_interval(secs => lease_seconds)
    where m.id in (
      select o.id from mail_outbox o
      where not o.is_for_inbox and o.next_attempt_at <= now()
      order by o.next_attempt_at limit rows_max for update skip locked)
    returning m.id, m.recipient, m.sealed_message, m.attempts, m.created_at,
      extract(epoch from now() - m.created_at)::integer;
end;
comment on function claim_mails is
  'Mails that are due, for this caller alone until its lease ends: processes that ask at once get different ones, and those of a process that died come back.';

create function postpone_mail(mail uuid, attempt integer, wait_seconds integer, fault text) returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  -- Whoever has claimed it since decides now.
  update mail_outbox m
    set next_attempt_at = now() + make_interval(secs => wait_seconds), last_fault = fault
    where m.id = mail and m.attempts = attempt;
end;
comment on function postpone_mail is 'Puts a claimed mail back until later, with why.';

create function delete_mail(mail uuid) returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  delete from mail_outbox m where m.id = mail;
end;
comment on function delete_mail is 'A mail that was sent, or is given up.';

-- Asking for a reset ---------------------------------------------------------------------------------

create function request_password_reset(
  address text, hash bytea, lifetime_seconds integer, message bytea, for_inbox boolean,
  request_id text, ip inet, mails_max integer, window_seconds integer, spacing_seconds integer
)
returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  -- Written either way, so that either way the answer waits for the disk.
  seconds integer := reserve_mail('reset:' || encode(sha256(convert_to(address, 'UTF8')), 'hex'),
    mails_max, window_seconds, spacing_seconds);
  subject uuid;
begin
  select u.id into subject from users u where u.email = address and u.status = 'active';
  if seconds > 0 or not found then
    return seconds;
  end if;
  insert into one_time_tokens as t (user_id, purpose, token_hash, email, expires_at)
    values (subject, 'password_reset', hash, address, now() + make_interval(secs => lifetime_seconds))
    on conflict on constraint one_time_tokens_pkey do update
      set token_hash = excluded.token_hash, email = excluded.email,
        created_at = excluded.created_at, expires_at = excluded.expires_at;
  perform enqueue_mail(address, message, for_inbox);
  -- Nobody in particular asks, so nobody stands there as the actor; the trail is that of the person.
  perform set_config('tenantry.platform', 'on', true);
  perform append_audit_event(null, subject, 'password.reset_requested', 'User', subject, '{}', request_id, ip);
  perform set_config('tenantry.platform', '', true);
  return 0;
end
$$;
comment on function request_password_reset is
  'Token, mail and trail of a reset, if the address is an active user''s; else only the count of the request. One call either way, and one answer: 0, or seconds to wait.';

-- Rights -------------------------------------------------------------------------------------------

grant usage, create on schema public to tenantry_definer;
do $$
declare
  signature regprocedure;
begin
  for signature in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = 'public'::regnamespace
      and p.proname in ('reserve_mail', 'forget_mailbox', 'create_verification_token', 'find_one_time_token',
        'take_one_time_token', 'verify_email', 'reset_password', 'reopen_account', 'enqueue_mail', 'list_inbox',
        'claim_mails', 'postpone_mail', 'delete_mail', 'request_password_reset')
  loop
    execute format('alter function %s owner to tenantry_definer', signature);
    execute format('revoke all on function %s from public', signature);
    execute format('grant execute on function %s to tenantry_app', signature);
    execute format('grant execute on function %s to %I', signature, current_user);
  end loop;
end
$$;
-- The first is called by a trigger only, the second by the functions that act on a token.
revoke execute on function forget_mailbox, take_one_time_token from tenantry_app;
revoke create on schema public from tenantry_definer;
grant select, insert, update, delete on one_time_tokens to tenantry_definer;
