-- The tables, and the two roles that reach them.
-- Which rows a role sees is in 004_row_security, what it may do with them in 006_grants.

create extension if not exists pg_trgm;

-- Names in definer functions are looked up in this schema, so only the owner may create anything here.
revoke create on schema public from public;

-- Roles belong to the whole server, so each database has its own: the runner puts their names in place of
-- tenantry_app and tenantry_definer, and has created them already (docs/decisions/039).
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
  settings jsonb not null default '{}',
  members_max integer not null default 100000,
  api_keys_max integer not null default 100,
  custom_roles_max integer not null default 50,
  suspended_at timestamptz,
  constraint tenants_slug_unique unique (slug),
  constraint tenants_slug_form check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) between 3 and 50),
  constraint tenants_status_known check (status in ('active', 'suspended', 'pending_deletion')),
  constraint tenants_metadata_object check (jsonb_typeof(metadata) = 'object'),
  constraint tenants_settings_known check (
    jsonb_typeof(settings) = 'object'
    and settings - array['sessionIdleTimeoutSeconds', 'sessionAbsoluteTimeoutSeconds', 'defaultRoleKey',
      'allowedEmailDomains'] = '{}'
    and coalesce(jsonb_typeof(settings -> 'sessionIdleTimeoutSeconds'), 'number') = 'number'
    and coalesce(jsonb_typeof(settings -> 'sessionAbsoluteTimeoutSeconds'), 'number') = 'number'
    and coalesce(jsonb_typeof(settings -> 'defaultRoleKey'), 'string') = 'string'
    and coalesce(jsonb_typeof(settings -> 'allowedEmailDomains'), 'array') = 'array'
  ),
  constraint tenants_limits_counted check (members_max >= 1 and api_keys_max >= 0 and custom_roles_max >= 0),
  constraint tenants_deletion_dated check ((status = 'pending_deletion') = (deletion_at is not null))
);
comment on table tenants is 'The organisations that use the product.';
comment on column tenants.member_count is
  'Active memberships, kept by trigger: a list of 100 tenants must not count a million rows.';
comment on column tenants.settings is
  'What the tenant sets for itself, checked by src/domains/tenants/rules.ts; a key that is absent follows the platform.';
comment on column tenants.members_max is 'Most active members, set by platform administrators.';
comment on column tenants.api_keys_max is 'Most API keys that are not revoked, set by platform administrators.';
comment on column tenants.custom_roles_max is 'Most roles of its own, set by platform administrators.';
comment on column tenants.suspended_at is
  'When it was suspended. Kept while a deletion is pending, so that taking the deletion back lifts no suspension.';
comment on column tenants.deletion_at is 'From when on it is erased; set exactly while deletion is pending.';

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
  impersonator_id uuid,
  place text,
  authenticated_at timestamptz not null default now(),
  constraint sessions_token_hash_unique unique (token_hash),
  constraint sessions_token_hash_length check (octet_length(token_hash) = 32),
  constraint sessions_membership_fkey foreign key (tenant_id, user_id)
    references user_tenants (tenant_id, user_id) on delete cascade,
  constraint sessions_place_length check (length(place) between 1 and 100),
  -- Nobody impersonates for longer than an hour, however the session is opened and whatever is set.
  constraint sessions_impersonation_short
    check (impersonator_id is null or expires_at <= created_at + interval '1 hour')
) with (fillfactor = 80);
comment on table sessions is
  'Live sign-ins. A revoked session is a deleted row. Room is left on each page so that noting last_seen_at rewrites no index.';
comment on column sessions.token_hash is 'SHA-256 of the token; the token itself is never stored.';
comment on column sessions.tenant_id is 'When set, the session may act in this tenant only, and ends with the membership.';
comment on column sessions.impersonator_id is
  'The platform administrator who acts as the user. No foreign key: the session check asks whether that person may still do so.';
comment on column sessions.place is 'Where it was opened from, in the words of the proxy in front; null where none says.';
comment on column sessions.authenticated_at is
  'When its user last proved who they are with a password; what is dangerous asks how long ago that is.';

create table sign_in_budgets (
  bucket text primary key,
  failures integer not null default 0,
  consecutive integer not null default 0,
  window_started_at timestamptz not null default clock_timestamp(),
  blocked_until timestamptz,
  under_way integer not null default 0,
  last_begun_at timestamptz
);
comment on table sign_in_budgets is
  'Failed sign-ins per account and per source, reserved before a password is checked; sign-ups per source; mails of invitations per tenant and per address there. Only definer functions touch it.';
comment on column sign_in_budgets.bucket is
  'account:<SHA-256 of the e-mail address, known or not>, followed by :session for attempts by who holds a session of the account; source:<IPv4 address or IPv6 /64 network>; sign-up-source:… and reset-source:…; reset:<SHA-256 of the address>:<source> for requests and reset-mail:<SHA-256 of the address> for mails; verification:<user>; invitations:<tenant>, also with :<SHA-256 of the address>; denied:<tenant>:<actor>:<mutation>.';
comment on column sign_in_budgets.consecutive is
  'Failures since the last success; at 100 the account is shut until its password is reset (NIST SP 800-63B-4).';
comment on column sign_in_budgets.under_way is
  'Of the failures, those whose password is still being checked: each is settled by a success or a failure.';
comment on column sign_in_budgets.last_begun_at is
  'When the last attempt began. What is under way ten seconds later is of a server that died, and has failed.';

-- The audit log: one row per change, written in the transaction of the change, chained by hashes so that a row cannot
-- be altered or removed without being noticed, and out of reach for the login of the server.
create table audit_heads (
  chain_id uuid primary key,
  sequence bigint not null,
  hash bytea not null
);
comment on table audit_heads is
  'The newest row of each chain: what it must end with, so that a lopped tail is noticed.';

create table audit_events (
  id uuid primary key default uuidv7(),
  chain_id uuid not null,
  sequence bigint not null,
  tenant_id uuid,
  at timestamptz not null default clock_timestamp(),
  action text not null,
  actor_id uuid,
  impersonator_id uuid,
  target_type text,
  target_id uuid,
  changes jsonb not null,
  request_id text,
  ip inet,
  hash bytea not null,
  actor_type text not null default 'User',
  person_id uuid,
  changes_salt bytea,
  changes_digest bytea,
  ip_salt bytea,
  ip_digest bytea,
  redacted_at timestamptz,
  constraint audit_events_chain_id_sequence_unique unique (chain_id, sequence),
  constraint audit_events_actor_type_known check (actor_type in ('User', 'ApiKey'))
);
comment on table audit_events is
  'What was done, by whom, to what. No foreign keys: the audit log outlives what it is about.';
comment on column audit_events.chain_id is
  'The tenant, or the user for what concerns no tenant: one chain each, so that nobody waits for strangers.';
comment on column audit_events.actor_id is 'The user or API key that acted; null for an operator or the system itself.';
comment on column audit_events.impersonator_id is 'The administrator who acted as that user.';
comment on column audit_events.changes is 'For each field that changed: before and after. Never a secret.';
comment on column audit_events.hash is
  'SHA-256 over the hash of the row before it in the chain and everything this row says.';
comment on column audit_events.actor_type is 'What actor_id is the id of.';
comment on column audit_events.person_id is
  'The user it is about, found when it is written: of a membership or session its user, of an invitation who has that address.';
comment on column audit_events.changes_salt is
  'Random; the chain holds only the digest of salt and changes, so that nobody can guess what was there once both are gone.';
comment on column audit_events.changes_digest is 'What changes came to; set when they are taken out, and the salt with them.';
comment on column audit_events.ip_salt is 'The same for the address.';
comment on column audit_events.ip_digest is 'The same for the address.';
comment on column audit_events.redacted_at is 'When personal data was taken out of it.';

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

-- Mails are written in the transaction of the change they are about and sent afterwards: a slow mail server delays
-- nothing, and no mail is sent of what was rolled back.
create table mail_outbox (
  id uuid primary key default uuidv7(),
  recipient text not null,
  sealed_message bytea not null,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  last_fault text,
  created_at timestamptz not null default now(),
  is_for_inbox boolean not null default false,
  constraint mail_outbox_attempts_counted check (attempts >= 0)
);
comment on table mail_outbox is 'Mails that are still to be sent. One that was taken over by the mail server is a deleted row.';
comment on column mail_outbox.recipient is 'Canonical e-mail address; a person that is erased takes its mails along.';
comment on column mail_outbox.sealed_message is
  'Subject and body, sealed with a key derived from the secret of the server: links in it hold tokens, which stand nowhere in clear. A link holds what it is for; its address is that of the settings when the mail is sent.';
comment on column mail_outbox.next_attempt_at is 'Not to be tried before; while one process sends it, the end of its lease.';
comment on column mail_outbox.is_for_inbox is
  'Written where development shows mails on a page instead of sending them: never sent, and only the newest stay.';
comment on column mail_outbox.last_fault is 'Why the last attempt failed, as codes: what a mail server writes may name the recipient.';

-- Tokens that prove a mailbox: sent by mail, valid once.
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

-- Responses of creating mutations by the key of the client, written in the transaction of what they created: a client
-- that loses a response sends the same key again, and nothing is created twice.
create table idempotency_keys (
  slot bytea primary key,
  user_id uuid not null references users (id) on delete cascade,
  fingerprint bytea not null,
  sealed_answer bytea not null,
  expires_at timestamptz not null default now() + interval '24 hours',
  constraint idempotency_keys_slot_length check (octet_length(slot) = 32),
  constraint idempotency_keys_fingerprint_length check (octet_length(fingerprint) = 32)
);
comment on table idempotency_keys is
  'Answers that are given again to who repeats a creating mutation with the same key. The key itself stands nowhere.';
comment on column idempotency_keys.slot is
  'Made from mutation, caller and key with a key derived from the secret of the server.';
comment on column idempotency_keys.user_id is
  'Who asked, whose API key asked, or who was made by it; a person that is erased takes its answers along.';
comment on column idempotency_keys.fingerprint is
  'HMAC-SHA-256 of the input, with a key that takes the secret of the server and the idempotency key to derive: no password in an input can be guessed from it.';
comment on column idempotency_keys.sealed_answer is
  'Sealed with a key that takes the same to derive: answers hold tokens, which stand nowhere in clear.';

-- An invited person belongs to no tenant yet and can enter no scope but their own. Definer functions decide, by the
-- verified address of the current user, what they may see and do.
create table invitations (
  id uuid primary key default uuidv7(),
  tenant_id uuid not null references tenants (id) on delete cascade,
  email text not null,
  status text not null default 'pending',
  token_hash bytea,
  invited_by uuid,
  api_key_id uuid,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  settled_at timestamptz,
  constraint invitations_tenant_id_id_unique unique (tenant_id, id),
  constraint invitations_token_hash_unique unique (token_hash),
  constraint invitations_token_hash_length check (octet_length(token_hash) = 32),
  constraint invitations_email_length check (octet_length(email) between 3 and 254),
  constraint invitations_status_known check (status in ('pending', 'accepted', 'declined', 'revoked')),
  constraint invitations_settled check (
    (status = 'pending') = (token_hash is not null) and (status = 'pending') = (settled_at is null)
  )
);
comment on table invitations is
  'That an e-mail address may join a tenant with certain roles. One that is pending after expires_at has expired.';
comment on column invitations.email is 'Canonical, as in users; anyone who accepts must have this very address, verified.';
comment on column invitations.token_hash is
  'SHA-256 of the token in the mailed link; the token itself is never stored. Null once it is settled: a token is good once.';
comment on column invitations.invited_by is
  'Whose rights bound what it gives, when it is accepted too; null for an operator. No foreign key: who is gone has no rights.';
comment on column invitations.api_key_id is 'The key of that person which invited, and bounds it as well; or null.';

create table invitation_roles (
  tenant_id uuid not null,
  invitation_id uuid not null,
  role_id uuid not null,
  constraint invitation_roles_pkey primary key (tenant_id, invitation_id, role_id),
  constraint invitation_roles_invitation_fkey foreign key (tenant_id, invitation_id)
    references invitations (tenant_id, id) on delete cascade,
  constraint invitation_roles_role_fkey foreign key (tenant_id, role_id)
    references roles (tenant_id, id) on delete cascade
);
comment on table invitation_roles is
  'The roles that an invitation gives. A role that is deleted falls out of it; an invitation that none is left of is refused.';

create table user_activity (
  day date not null,
  user_id uuid not null,
  constraint user_activity_pkey primary key (day, user_id)
);
comment on table user_activity is
  'Who used a session on which day (UTC). Ids only; no foreign key, since the count of a day outlives its people.';

create table sign_in_failures (
  day date not null,
  failures bigint not null,
  constraint sign_in_failures_pkey primary key (day)
);
comment on table sign_in_failures is 'How many sign-ins were refused on which day (UTC).';

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

-- Vacuum and statistics ----------------------------------------------------------------------------
-- PostgreSQL vacuums a table once a fifth of it is dead, which is late for a big table whose rows change all the time,
-- and it leaves no room on a page for the next version of a row.

-- Updated every half minute while in use: an update that finds room on its page touches no index (HOT). Two million
-- rows would gather 400,000 dead ones first.
alter table sessions set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
alter table api_keys set (autovacuum_vacuum_scale_factor = 0.05);

-- Each sign-in writes its time into the user, into the memberships (where an index is ordered by it, so the update is
-- never HOT) and into the budget of the account.
alter table users set (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05);
alter table user_tenants set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
alter table sign_in_budgets set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- One small row per tenant, rewritten with every change of the tenant.
alter table audit_heads set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

-- Only ever grows. A vacuum marks pages as visible to all, for index-only scans, and freezes them a little at a time.
alter table audit_events set (autovacuum_vacuum_insert_scale_factor = 0.05);

-- Queues: rows live for minutes, days or months.
alter table mail_outbox set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
alter table idempotency_keys set (autovacuum_vacuum_scale_factor = 0.05);
alter table one_time_tokens set (autovacuum_vacuum_scale_factor = 0.05);
alter table user_activity set (autovacuum_vacuum_scale_factor = 0.05);

-- The planner counts on a tenant of average size, which is one row where most tenants have a member or two. Reading all
-- rows of the tenant and sorting them then looks as cheap as walking the index in order; for a tenant with 10,000
-- members it is not (test/databases/uneven-tenants.test.ts). With 100 tenants assumed it counts on a hundredth of all
-- members, or on the size of the largest tenant if that is less. A plan that suits a large tenant suits a small one.
alter table user_tenants alter column tenant_id set (n_distinct = 100);
alter table membership_roles alter column tenant_id set (n_distinct = 100);
