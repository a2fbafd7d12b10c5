-- What the database is after all migrations: schema public, printed from PostgreSQL's catalogue.
-- For reading and comparing, not for running; how it got there is in migrations/.
-- Written by `npm run db:structure`, and test/migrations/structure.test.ts compares.
-- "owner" stands for whichever role runs the migrations, tenantry_app and tenantry_definer for the two roles of the
-- database (docs/decisions/039).

create extension pg_stat_statements;
create extension pg_trgm;

create table api_keys (
  id uuid not null default uuidv7(),
  tenant_id uuid not null,
  created_by uuid,
  name text not null,
  token_hash bytea not null,
  hint text not null,
  permissions text[] not null,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  constraint api_keys_pkey PRIMARY KEY (id),
  constraint api_keys_tenant_id_id_unique UNIQUE (tenant_id, id),
  constraint api_keys_token_hash_unique UNIQUE (token_hash),
  constraint api_keys_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL,
  constraint api_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
  constraint api_keys_token_hash_length CHECK (octet_length(token_hash) = 32)
) with (fillfactor=80, autovacuum_vacuum_scale_factor=0.05);
alter table api_keys owner to owner;
alter table api_keys enable row level security;
alter table api_keys force row level security;
CREATE INDEX api_keys_created_by_idx ON api_keys USING btree (created_by);
create policy definer on api_keys to tenantry_definer
  using (true)
  with check (true);
create policy tenant_scope on api_keys to tenantry_app
  using (tenant_id = (( SELECT current_tenant_id() AS current_tenant_id)) OR ( SELECT is_platform_scope() AS is_platform_scope))
  with check (tenant_id = (( SELECT current_tenant_id() AS current_tenant_id)) OR ( SELECT is_platform_scope() AS is_platform_scope));
CREATE TRIGGER api_keys_tell_change AFTER UPDATE OF name, permissions, expires_at, revoked_at, token_hash ON api_keys FOR EACH ROW EXECUTE FUNCTION tell_changes('tenant_id');
CREATE TRIGGER api_keys_tell_end AFTER DELETE ON api_keys REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tell_changes('tenant_id');

create table audit_events (
  id uuid not null default uuidv7(),
  chain_id uuid not null,
  sequence bigint not null,
  tenant_id uuid,
  at timestamp with time zone not null default clock_timestamp(),
  action text not null,
  actor_id uuid,
  impersonator_id uuid,
  target_type text,
  target_id uuid,
  changes jsonb not null,
  request_id text,
  ip inet,
  hash bytea not null,
  actor_type text not null default 'User'::text,
  person_id uuid,
  changes_salt bytea,
  changes_digest bytea,
  ip_salt bytea,
  ip_digest bytea,
  redacted_at timestamp with time zone,
  constraint audit_events_pkey PRIMARY KEY (id),
  constraint audit_events_chain_id_sequence_unique UNIQUE (chain_id, sequence),
  constraint audit_events_actor_type_known CHECK (actor_type = ANY (ARRAY['User'::text, 'ApiKey'::text]))
) with (autovacuum_vacuum_insert_scale_factor=0.05);
alter table audit_events owner to owner;
alter table audit_events enable row level security;
alter table audit_events force row level security;
CREATE INDEX audit_events_actor_id_idx ON audit_events USING btree (actor_id) WHERE ip IS NOT NULL;
CREATE INDEX audit_events_chain_id_action_sequence_idx ON audit_events USING btree (chain_id, action, sequence);
CREATE INDEX audit_events_chain_id_actor_id_sequence_idx ON audit_events USING btree (chain_id, actor_id, sequence);
CREATE INDEX audit_events_chain_id_at_idx ON audit_events USING btree (chain_id, at);
CREATE INDEX audit_events_chain_id_impersonated_idx ON audit_events USING btree (chain_id, sequence) WHERE impersonator_id IS NOT NULL;
CREATE INDEX audit_events_chain_id_target_id_sequence_idx ON audit_events USING btree (chain_id, target_id, sequence);
CREATE INDEX audit_events_impersonator_id_idx ON audit_events USING btree (impersonator_id) WHERE impersonator_id IS NOT NULL AND ip IS NOT NULL;
CREATE INDEX audit_events_invited_email_idx ON audit_events USING btree (COALESCE(changes #>> '{email,1}'::text[], changes #>> '{email,0}'::text[])) WHERE target_type = 'Invitation'::text;
CREATE INDEX audit_events_person_id_id_idx ON audit_events USING btree (person_id, id) WHERE person_id IS NOT NULL;
CREATE INDEX audit_events_session_opened_at_idx ON audit_events USING btree (at) WHERE action = 'session.opened'::text;
create policy definer on audit_events to tenantry_definer
  using (true)
  with check (true);
create policy own_rows on audit_events for select to tenantry_app
  using (tenant_id IS NULL AND chain_id = (( SELECT current_user_id() AS current_user_id)));
create policy tenant_reads on audit_events for select to tenantry_app
  using (tenant_id = (( SELECT current_tenant_id() AS current_tenant_id)) OR ( SELECT is_platform_scope() AS is_platform_scope));

create table audit_heads (
  chain_id uuid not null,
  sequence bigint not null,
  hash bytea not null,
  constraint audit_heads_pkey PRIMARY KEY (chain_id)
) with (fillfactor=50, autovacuum_vacuum_scale_factor=0.05);
alter table audit_heads owner to owner;
alter table audit_heads enable row level security;
alter table audit_heads force row level security;
create policy definer on audit_heads to tenantry_definer
  using (true)
  with check (true);

create table built_in_roles (
  key text not null,
  name text not null,
  description text not null,
  permissions text[] not null,
  constraint built_in_roles_pkey PRIMARY KEY (key)
);
alter table built_in_roles owner to owner;
alter table built_in_roles enable row level security;
alter table built_in_roles force row level security;
create policy definer on built_in_roles to tenantry_definer
  using (true)
  with check (true);

create table idempotency_keys (
  slot bytea not null,
  user_id uuid not null,
  fingerprint bytea not null,
  sealed_answer bytea not null,
  expires_at timestamp with time zone not null default now() + '24:00:00'::interval,
  constraint idempotency_keys_pkey PRIMARY KEY (slot),
  constraint idempotency_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  constraint idempotency_keys_fingerprint_length CHECK (octet_length(fingerprint) = 32),
  constraint idempotency_keys_slot_length CHECK (octet_length(slot) = 32)
) with (autovacuum_vacuum_scale_factor=0.05);
alter table idempotency_keys owner to owner;
alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;
CREATE INDEX idempotency_keys_expires_at_idx ON idempotency_keys USING btree (expires_at);
CREATE INDEX idempotency_keys_user_id_idx ON idempotency_keys USING btree (user_id);
create policy definer on idempotency_keys to tenantry_definer
  using (true)
  with check (true);

create table invitation_roles (
  tenant_id uuid not null,
  invitation_id uuid not null,
  role_id uuid not null,
  constraint invitation_roles_pkey PRIMARY KEY (tenant_id, invitation_id, role_id),
  constraint invitation_roles_invitation_fkey FOREIGN KEY (tenant_id, invitation_id) REFERENCES invitations(tenant_id, id) ON DELETE CASCADE,
  constraint invitation_roles_role_fkey FOREIGN KEY (tenant_id, role_id) REFERENCES roles(tenant_id, id) ON DELETE CASCADE
);
alter table invitation_roles owner to owner;
alter table invitation_roles enable row level security;
alter table invitation_roles force row level security;
CREATE INDEX invitation_roles_tenant_id_role_id_idx ON invitation_roles USING btree (tenant_id, role_id);
create policy definer on invitation_roles to tenantry_definer
  using (true)
  with check (true);
create policy tenant_scope on invitation_roles to tenantry_app
  using (tenant_id = (( SELECT current_tenant_id() AS current_tenant_id)) OR ( SELECT is_platform_scope() AS is_platform_scope))
  with check (tenant_id = (( SELECT current_tenant_id() AS current_tenant_id)) OR ( SELECT is_platform_scope() AS is_platform_scope));

create table invitations (
  id uuid not null default uuidv7(),
  tenant_id uuid not null,
  email text not null,
  status text not null default 'pending'::text,
  token_hash bytea,
  invited_by uuid,
  api_key_id uuid,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  settled_at timestamp with time zone,
  constraint invitations_pkey PRIMARY KEY (id),
  constraint invitations_tenant_id_id_unique UNIQUE (tenant_id, id),
  constraint invitations_token_hash_unique UNIQUE (token_hash),
  constraint invitations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
  constraint invitations_email_length CHECK (octet_length(email) >= 3 AND octet_length(email) <= 254),
  constraint invitations_settled CHECK ((status = 'pending'::text) = (token_hash IS NOT NULL) AND (status = 'pending'::text) = (settled_at IS NULL)),
  constraint invitations_status_known CHECK (status = ANY (ARRAY['pending'::text, 'accepted'::text, 'declined'::text, 'revoked'::text])),
  constraint invitations_token_hash_length CHECK (octet_length(token_hash) = 32)
);
alter table invitations owner to owner;
alter table invitations enable row level security;
alter table invitations force row level security;
CREATE INDEX invitations_email_idx ON invitations USING btree (email);
CREATE INDEX invitations_expires_at_idx ON invitations USING btree (expires_at);
CREATE UNIQUE INDEX invitations_tenant_id_email_pending ON invitations USING btree (tenant_id, email) WHERE status = 'pending'::text;
create policy definer on invitations to tenantry_definer
  using (true)
  with check (true);
create policy tenant_scope on invitations to tenantry_app
  using (tenant_id = (( SELECT current_tenant_id() AS current_tenant_id)) OR ( SELECT is_platform_scope() AS is_platform_scope))
  with check (tenant_id = (( SELECT current_tenant_id() AS current_tenant_id)) OR ( SELECT is_platform_scope() AS is_platform_scope));

create table mail_outbox (
  id uuid not null default uuidv7(),
  recipient text not null,
  sealed_message bytea not null,
  attempts integer not null default 0,
  next_attempt_at timestamp with time zone not null default now(),
  last_fault text,
  created_at timestamp with time zone not null default now(),
  is_for_inbox boolean not null default false,
  constraint mail_outbox_pkey PRIMARY KEY (id),
  constraint mail_outbox_attempts_counted CHECK (attempts >= 0)
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=500);
alter table mail_outbox owner to owner;
alter table mail_outbox enable row level security;
alter table mail_outbox force row level security;
CREATE INDEX mail_outbox_due_idx ON mail_outbox USING btree (next_attempt_at) WHERE NOT is_for_inbox;
CREATE INDEX mail_outbox_recipient_idx ON mail_outbox USING btree (recipient);
create policy definer on mail_outbox to tenantry_definer
  using (true)
  with check (true);

create table membership_roles (
  tenant_id uuid not null,
  membership_id uuid not null,
  role_id uuid not null,
  constraint membership_roles_pkey PRIMARY KEY (tenant_id, membership_id, role_id),
  constraint membership_roles_membership_fkey FOREIGN KEY (tenant_id, membership_id) REFERENCES user_tenants(tenant_id, id) ON DELETE CASCADE,
  constraint membership_roles_role_fkey FOREIGN KEY (tenant_id, role_id) REFERENCES roles(tenant_id, id) ON DELETE RESTRICT
);
alter table membership_roles owner to owner;
alter table membership_roles enable row level security;
alter table membership_roles force row level security;
alter table membership_roles alter column tenant_id set (n_distinct=100);
CREATE INDEX membership_roles_tenant_id_role_id_membership_id_idx ON membership_roles USING btree (tenant_id, role_id, membership_id);
create policy definer on membership_roles to tenantry_definer
  using (true)
  with check (true);
create policy tenant_scope on membership_roles to tenantry_app
  using (tenant_id = (( SELECT current_tenant_id() AS current_tenant_id)) OR ( SELECT is_platform_scope() AS is_platform_scope))
  with check (tenant_id = (( SELECT current_tenant_id() AS current_tenant_id)) OR ( SELECT is_platform_scope() AS is_platform_scope));
CREATE TRIGGER membership_roles_tell_gain AFTER INSERT ON membership_roles REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tell_changes('tenant_id');
CREATE TRIGGER membership_roles_tell_loss AFTER DELETE ON membership_roles REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tell_changes('tenant_id');

create table one_time_tokens (
  user_id uuid not null,
  purpose text not null,
  token_hash bytea not null,
  email text not null,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  constraint one_time_tokens_pkey PRIMARY KEY (user_id, purpose),
  constraint one_time_tokens_token_hash_unique UNIQUE (token_hash),
  constraint one_time_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  constraint one_time_tokens_purpose_known CHECK (purpose = ANY (ARRAY['email_verification'::text, 'password_reset'::text])),
  constraint one_time_tokens_token_hash_length CHECK (octet_length(token_hash) = 32)
) with (autovacuum_vacuum_scale_factor=0.05);
alter table one_time_tokens owner to owner;
alter table one_time_tokens enable row level security;
alter table one_time_tokens force row level security;
CREATE INDEX one_time_tokens_expires_at_idx ON one_time_tokens USING btree (expires_at);
create policy definer on one_time_tokens to tenantry_definer
  using (true)
  with check (true);

create table password_credentials (
  user_id uuid not null,
  password_hash text not null,
  changed_at timestamp with time zone not null default now(),
  constraint password_credentials_pkey PRIMARY KEY (user_id),
  constraint password_credentials_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  constraint password_credentials_hash_phc CHECK (password_hash ~~ '$%'::text)
);
alter table password_credentials owner to owner;
alter table password_credentials enable row level security;
alter table password_credentials force row level security;
create policy definer on password_credentials to tenantry_definer
  using (true)
  with check (true);
create policy own_row on password_credentials to tenantry_app
  using (user_id = (( SELECT current_user_id() AS current_user_id)))
  with check (user_id = (( SELECT current_user_id() AS current_user_id)));
CREATE TRIGGER password_credentials_void_links AFTER UPDATE OF changed_at ON password_credentials FOR EACH ROW WHEN (new.changed_at <> old.changed_at) EXECUTE FUNCTION void_links();

create table password_reset_requests (
  id uuid not null default uuidv7(),
  email text not null,
  token_hash bytea not null,
  sealed_message bytea not null,
  is_for_inbox boolean not null,
  request_id text not null,
  ip inet,
  created_at timestamp with time zone not null default now(),
  constraint password_reset_requests_pkey PRIMARY KEY (id),
  constraint password_reset_requests_token_hash_length CHECK (octet_length(token_hash) = 32)
) with (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=500);
alter table password_reset_requests owner to owner;
alter table password_reset_requests enable row level security;
alter table password_reset_requests force row level security;
create policy definer on password_reset_requests to tenantry_definer
  using (true)
  with check (true);

create table roles (
  id uuid not null default uuidv7(),
  tenant_id uuid not null,
  key text not null,
  name text not null,
  description text,
  is_built_in boolean not null default false,
  permissions text[] not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint roles_pkey PRIMARY KEY (id),
  constraint roles_tenant_id_id_unique UNIQUE (tenant_id, id),
  constraint roles_tenant_id_key_unique UNIQUE (tenant_id, key),
  constraint roles_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
  constraint roles_key_form CHECK (key ~ '^[a-z][a-z0-9_-]{0,49}$'::text)
);
alter table roles owner to owner;
alter table roles enable row level security;
alter table roles force row level security;
create policy definer on roles to tenantry_definer
  using (true)
  with check (true);
create policy tenant_scope on roles to tenantry_app
  using (tenant_id = (( SELECT current_tenant_id() AS current_tenant_id)) OR ( SELECT is_platform_scope() AS is_platform_scope))
  with check (tenant_id = (( SELECT current_tenant_id() AS current_tenant_id)) OR ( SELECT is_platform_scope() AS is_platform_scope));
CREATE TRIGGER roles_tell_change AFTER UPDATE ON roles REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tell_changes('tenant_id');

create table sessions (
  id uuid not null default uuidv7(),
  user_id uuid not null,
  tenant_id uuid,
  token_hash bytea not null,
  ip inet,
  user_agent text,
  idle_timeout_seconds integer not null,
  created_at timestamp with time zone not null default now(),
  last_seen_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  impersonator_id uuid,
  place text,
  authenticated_at timestamp with time zone not null default now(),
  constraint sessions_pkey PRIMARY KEY (id),
  constraint sessions_token_hash_unique UNIQUE (token_hash),
  constraint sessions_membership_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES user_tenants(tenant_id, user_id) ON DELETE CASCADE,
  constraint sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  constraint sessions_impersonation_short CHECK (impersonator_id IS NULL OR expires_at <= (created_at + '01:00:00'::interval)),
  constraint sessions_place_length CHECK (length(place) >= 1 AND length(place) <= 100),
  constraint sessions_token_hash_length CHECK (octet_length(token_hash) = 32)
) with (fillfactor=80, autovacuum_vacuum_scale_factor=0.02, autovacuum_analyze_scale_factor=0.02);
alter table sessions owner to owner;
alter table sessions enable row level security;
alter table sessions force row level security;
CREATE INDEX sessions_impersonator_id_idx ON sessions USING btree (impersonator_id) WHERE impersonator_id IS NOT NULL;
CREATE INDEX sessions_tenant_id_id_idx ON sessions USING btree (tenant_id, id) WHERE tenant_id IS NOT NULL;
CREATE INDEX sessions_user_id_id_idx ON sessions USING btree (user_id, id);
create policy definer on sessions to tenantry_definer
  using (true)
  with check (true);
create policy impersonator_ends on sessions for delete to tenantry_app
  using (impersonator_id = (( SELECT current_user_id() AS current_user_id)));
create policy impersonator_reads on sessions for select to tenantry_app
  using (impersonator_id = (( SELECT current_user_id() AS current_user_id)));
create policy own_rows on sessions to tenantry_app
  using (user_id = (( SELECT current_user_id() AS current_user_id)) OR ( SELECT is_platform_scope() AS is_platform_scope))
  with check (user_id = (( SELECT current_user_id() AS current_user_id)) OR ( SELECT is_platform_scope() AS is_platform_scope));
create policy tenant_reads on sessions for select to tenantry_app
  using (tenant_id = (( SELECT current_tenant_id() AS current_tenant_id)));
create policy tenant_revokes on sessions for delete to tenantry_app
  using (tenant_id = (( SELECT current_tenant_id() AS current_tenant_id)));
CREATE TRIGGER sessions_check_impersonation BEFORE INSERT ON sessions FOR EACH ROW WHEN (new.impersonator_id IS NOT NULL) EXECUTE FUNCTION check_impersonation();
CREATE TRIGGER sessions_tell_change AFTER UPDATE ON sessions FOR EACH ROW WHEN (new.last_seen_at <= old.last_seen_at OR new.user_id IS DISTINCT FROM old.user_id OR new.token_hash IS DISTINCT FROM old.token_hash OR new.expires_at IS DISTINCT FROM old.expires_at OR new.idle_timeout_seconds IS DISTINCT FROM old.idle_timeout_seconds OR new.authenticated_at IS DISTINCT FROM old.authenticated_at OR new.tenant_id IS DISTINCT FROM old.tenant_id OR new.impersonator_id IS DISTINCT FROM old.impersonator_id) EXECUTE FUNCTION tell_changes('user_id');
CREATE TRIGGER sessions_tell_end AFTER DELETE ON sessions REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tell_changes('user_id');
CREATE TRIGGER sessions_tighten BEFORE INSERT ON sessions FOR EACH ROW WHEN (new.tenant_id IS NOT NULL) EXECUTE FUNCTION tighten_session();

create table sign_in_budgets (
  bucket text not null,
  failures integer not null default 0,
  consecutive integer not null default 0,
  window_started_at timestamp with time zone not null default clock_timestamp(),
  blocked_until timestamp with time zone,
  under_way integer not null default 0,
  last_begun_at timestamp with time zone,
  constraint sign_in_budgets_pkey PRIMARY KEY (bucket)
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0.05);
alter table sign_in_budgets owner to owner;
alter table sign_in_budgets enable row level security;
alter table sign_in_budgets force row level security;
create policy definer on sign_in_budgets to tenantry_definer
  using (true)
  with check (true);

create table sign_in_failures (
  day date not null,
  failures bigint not null,
  constraint sign_in_failures_pkey PRIMARY KEY (day)
);
alter table sign_in_failures owner to owner;
alter table sign_in_failures enable row level security;
alter table sign_in_failures force row level security;
create policy definer on sign_in_failures to tenantry_definer
  using (true)
  with check (true);

create table tenants (
  id uuid not null default uuidv7(),
  slug text not null,
  name text not null,
  status text not null default 'active'::text,
  metadata jsonb not null default '{}'::jsonb,
  member_count integer not null default 0,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  deletion_at timestamp with time zone,
  search_text text not null generated always as ((slug || ' '::text) || name) stored,
  settings jsonb not null default '{}'::jsonb,
  members_max integer not null default 100000,
  api_keys_max integer not null default 100,
  custom_roles_max integer not null default 50,
  suspended_at timestamp with time zone,
  constraint tenants_pkey PRIMARY KEY (id),
  constraint tenants_slug_unique UNIQUE (slug),
  constraint tenants_deletion_dated CHECK ((status = 'pending_deletion'::text) = (deletion_at IS NOT NULL)),
  constraint tenants_limits_counted CHECK (members_max >= 1 AND api_keys_max >= 0 AND custom_roles_max >= 0),
  constraint tenants_metadata_object CHECK (jsonb_typeof(metadata) = 'object'::text),
  constraint tenants_settings_known CHECK (jsonb_typeof(settings) = 'object'::text AND (settings - ARRAY['sessionIdleTimeoutSeconds'::text, 'sessionAbsoluteTimeoutSeconds'::text, 'defaultRoleKey'::text, 'allowedEmailDomains'::text]) = '{}'::jsonb AND COALESCE(jsonb_typeof(settings -> 'sessionIdleTimeoutSeconds'::text), 'number'::text) = 'number'::text AND COALESCE(jsonb_typeof(settings -> 'sessionAbsoluteTimeoutSeconds'::text), 'number'::text) = 'number'::text AND COALESCE(jsonb_typeof(settings -> 'defaultRoleKey'::text), 'string'::text) = 'string'::text AND COALESCE(jsonb_typeof(settings -> 'allowedEmailDomains'::text), 'array'::text) = 'array'::text),
  constraint tenants_slug_form CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'::text AND length(slug) >= 3 AND length(slug) <= 50),
  constraint tenants_status_known CHECK (status = ANY (ARRAY['active'::text, 'suspended'::text, 'pending_deletion'::text]))
);
alter table tenants owner to owner;
alter table tenants enable row level security;
alter table tenants force row level security;
CREATE INDEX tenants_member_count_id_idx ON tenants USING btree (member_count DESC, id);
CREATE INDEX tenants_metadata_idx ON tenants USING gin (metadata jsonb_path_ops);
CREATE INDEX tenants_search_text_idx ON tenants USING gin (search_text gin_trgm_ops);
create policy definer on tenants to tenantry_definer
  using (true)
  with check (true);
create policy tenant_scope on tenants to tenantry_app
  using (id = (( SELECT current_tenant_id() AS current_tenant_id)) OR ( SELECT is_platform_scope() AS is_platform_scope))
  with check (id = (( SELECT current_tenant_id() AS current_tenant_id)) OR ( SELECT is_platform_scope() AS is_platform_scope));
CREATE TRIGGER tenants_tell_change AFTER UPDATE OF status ON tenants FOR EACH ROW EXECUTE FUNCTION tell_changes('id');
CREATE TRIGGER tenants_tighten_sessions AFTER UPDATE OF settings ON tenants FOR EACH ROW WHEN (old.settings IS DISTINCT FROM new.settings) EXECUTE FUNCTION tighten_sessions();

create table user_activity (
  day date not null,
  user_id uuid not null,
  constraint user_activity_pkey PRIMARY KEY (day, user_id)
) with (autovacuum_vacuum_scale_factor=0.05);
alter table user_activity owner to owner;
alter table user_activity enable row level security;
alter table user_activity force row level security;
create policy definer on user_activity to tenantry_definer
  using (true)
  with check (true);

create table user_tenants (
  id uuid not null default uuidv7(),
  tenant_id uuid not null,
  user_id uuid not null,
  is_active boolean not null default true,
  metadata jsonb not null default '{}'::jsonb,
  last_sign_in_at timestamp with time zone not null default '1970-01-01 00:00:00+00'::timestamp with time zone,
  joined_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint user_tenants_pkey PRIMARY KEY (id),
  constraint user_tenants_tenant_id_id_unique UNIQUE (tenant_id, id),
  constraint user_tenants_tenant_id_user_id_unique UNIQUE (tenant_id, user_id),
  constraint user_tenants_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
  constraint user_tenants_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  constraint user_tenants_metadata_object CHECK (jsonb_typeof(metadata) = 'object'::text)
) with (autovacuum_vacuum_scale_factor=0.05, autovacuum_analyze_scale_factor=0.05);
alter table user_tenants owner to owner;
alter table user_tenants enable row level security;
alter table user_tenants force row level security;
alter table user_tenants alter column tenant_id set (n_distinct=100);
CREATE INDEX user_tenants_tenant_id_last_sign_in_at_id_idx ON user_tenants USING btree (tenant_id, last_sign_in_at, id);
CREATE INDEX user_tenants_user_id_id_idx ON user_tenants USING btree (user_id, id);
create policy definer on user_tenants to tenantry_definer
  using (true)
  with check (true);
create policy tenant_scope on user_tenants to tenantry_app
  using (tenant_id = (( SELECT current_tenant_id() AS current_tenant_id)) OR ( SELECT is_platform_scope() AS is_platform_scope))
  with check (tenant_id = (( SELECT current_tenant_id() AS current_tenant_id)) OR ( SELECT is_platform_scope() AS is_platform_scope));
CREATE TRIGGER user_tenants_count_deleted AFTER DELETE ON user_tenants REFERENCING OLD TABLE AS former FOR EACH STATEMENT EXECUTE FUNCTION update_member_counts();
CREATE TRIGGER user_tenants_count_inserted AFTER INSERT ON user_tenants REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION update_member_counts();
CREATE TRIGGER user_tenants_count_updated AFTER UPDATE ON user_tenants REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION update_member_counts();
CREATE TRIGGER user_tenants_tell_change AFTER UPDATE OF is_active ON user_tenants FOR EACH ROW EXECUTE FUNCTION tell_changes('user_id');
CREATE TRIGGER user_tenants_tell_end AFTER DELETE ON user_tenants REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tell_changes('user_id');

create table users (
  id uuid not null default uuidv7(),
  email text not null,
  email_verified_at timestamp with time zone,
  name text,
  avatar_url text,
  locale text,
  status text not null default 'active'::text,
  is_platform_admin boolean not null default false,
  metadata jsonb not null default '{}'::jsonb,
  last_sign_in_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  search_text text not null generated always as ((email || ' '::text) || COALESCE(name, ''::text)) stored,
  constraint users_pkey PRIMARY KEY (id),
  constraint users_email_unique UNIQUE (email),
  constraint users_email_length CHECK (octet_length(email) >= 3 AND octet_length(email) <= 254),
  constraint users_metadata_object CHECK (jsonb_typeof(metadata) = 'object'::text),
  constraint users_status_known CHECK (status = ANY (ARRAY['active'::text, 'suspended'::text]))
) with (fillfactor=90, autovacuum_vacuum_scale_factor=0.05);
alter table users owner to owner;
alter table users enable row level security;
alter table users force row level security;
CREATE INDEX users_metadata_idx ON users USING gin (metadata jsonb_path_ops);
CREATE INDEX users_search_text_idx ON users USING gin (search_text gin_trgm_ops);
create policy definer on users to tenantry_definer
  using (true)
  with check (true);
create policy own_row on users to tenantry_app
  using (id = (( SELECT current_user_id() AS current_user_id)) OR ( SELECT is_platform_scope() AS is_platform_scope))
  with check (id = (( SELECT current_user_id() AS current_user_id)) OR ( SELECT is_platform_scope() AS is_platform_scope));
create policy same_tenant on users for select to tenantry_app
  using ((EXISTS ( SELECT
   FROM user_tenants m
  WHERE m.tenant_id = (( SELECT current_tenant_id() AS current_tenant_id)) AND m.user_id = users.id
 OFFSET 0)));
CREATE TRIGGER users_end_impersonations AFTER UPDATE OF status, is_platform_admin ON users FOR EACH ROW WHEN (old.status <> new.status OR old.is_platform_admin <> new.is_platform_admin) EXECUTE FUNCTION end_impersonations();
CREATE TRIGGER users_end_impersonations_of_gone AFTER DELETE ON users FOR EACH ROW WHEN (old.is_platform_admin) EXECUTE FUNCTION end_impersonations();
CREATE TRIGGER users_forget_invitations AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION forget_invitations();
CREATE TRIGGER users_forget_mailbox AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION forget_mailbox();
CREATE TRIGGER users_tell_change AFTER UPDATE OF email, email_verified_at, name, avatar_url, locale, status, is_platform_admin, metadata ON users FOR EACH ROW EXECUTE FUNCTION tell_changes('id');
CREATE TRIGGER users_void_links AFTER UPDATE OF email, email_verified_at, status ON users FOR EACH ROW WHEN (new.email <> old.email OR new.status <> old.status AND new.status <> 'active'::text OR old.email_verified_at IS NULL AND new.email_verified_at IS NOT NULL) EXECUTE FUNCTION void_links();

CREATE OR REPLACE FUNCTION public.accept_invitation(hash bytea, wanted uuid, wanted_tenant uuid)
 RETURNS TABLE(outcome text, tenant_id uuid, invitation_id uuid, membership_id uuid, role_keys text[], members_max integer)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
  person uuid := current_user_id();
  invitation invitations;
  tenant tenants;
  former user_tenants;
  granted text[];
begin
  -- Nobody joins a tenant in somebody else's name.
  if current_impersonator_id() is null then
    select i.* into invitation from find_invitation_to(person, hash, wanted, wanted_tenant) i;
  end if;
  if invitation.id is null then
    return query select 'absent', null::uuid, null::uuid, null::uuid, null::text[], null::integer;
    return;
  end if;
  -- Everybody locks tenants before users, and anyone who changes an invitation its tenant: what is read from
  -- here on stays as it is.
  select t.* into tenant from tenants t where t.id = invitation.tenant_id for no key update;
  perform from users u where u.id = person for key share;
  select i.* into invitation from find_invitation_to(person, hash, wanted, wanted_tenant) i;
  select m.* into former from user_tenants m where m.tenant_id = tenant.id and m.user_id = person;
  select array_agg(distinct r.key), coalesce(array_agg(distinct p) filter (where p is not null), '{}')
    into role_keys, granted
    from invitation_roles ir join roles r on r.tenant_id = ir.tenant_id and r.id = ir.role_id
    left join lateral unnest(r.permissions) p on true
    where ir.tenant_id = invitation.tenant_id and ir.invitation_id = invitation.id;
  tenant_id := tenant.id;
  invitation_id := invitation.id;
  members_max := tenant.members_max;
  outcome := case
    when invitation.id is null or tenant.id is null then 'absent'
    when tenant.status <> 'active' then tenant.status
    when former.is_active then 'member'
    when former.id is not null then 'paused'
    when jsonb_array_length(coalesce(tenant.settings -> 'allowedEmailDomains', '[]')) > 0
      and not tenant.settings -> 'allowedEmailDomains' ? split_part(invitation.email, '@', 2) then 'domain'
    when role_keys is null or not is_backed(invitation, granted) then 'unbacked'
    when tenant.member_count >= tenant.members_max then 'full'
    else 'accepted'
  end;
  if outcome = 'accepted' then
    membership_id := uuidv7();
    insert into user_tenants (id, tenant_id, user_id, last_sign_in_at)
      select membership_id, tenant.id, u.id, coalesce(u.last_sign_in_at, 'epoch') from users u where u.id = person;
    insert into membership_roles (tenant_id, membership_id, role_id)
      select ir.tenant_id, accept_invitation.membership_id, ir.role_id from invitation_roles ir
      where ir.tenant_id = invitation.tenant_id and ir.invitation_id = invitation.id;
    update invitations i set status = 'accepted', token_hash = null, settled_at = now() where i.id = invitation.id;
  end if;
  return next;
end
$function$;
alter function accept_invitation(bytea,uuid,uuid) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.activity_of_days(days integer)
 RETURNS TABLE(day date, sign_ins bigint, failed_sign_ins bigint, active_users bigint, new_users bigint)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT (d.day)::date AS day,
     ( SELECT count(*) AS count
            FROM audit_events e
           WHERE ((e.action = 'session.opened'::text) AND (e.at >= d.day) AND (e.at < (d.day + '1 day'::interval)))) AS count,
     COALESCE(( SELECT f.failures
            FROM sign_in_failures f
           WHERE (f.day = (d.day)::date)), (0)::bigint) AS "coalesce",
     ( SELECT count(*) AS count
            FROM user_activity a
           WHERE (a.day = (d.day)::date)) AS count,
     ( SELECT count(*) AS count
            FROM users u
           WHERE ((u.id >= uuid_floor(d.day)) AND (u.id < uuid_floor((d.day + '1 day'::interval))))) AS count
    FROM generate_series((date_trunc('day'::text, now(), 'UTC'::text) - make_interval(days => (activity_of_days.days - 1))), date_trunc('day'::text, now(), 'UTC'::text), '1 day'::interval, 'UTC'::text) d(day)
   WHERE may_monitor()
   ORDER BY d.day DESC;
END;
alter function activity_of_days(integer) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.analyze_query_performance()
 RETURNS TABLE(severity text, subject text, advice text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
  hit_ratio double precision;
  used integer;
begin
  if not may_monitor() then
    return;
  end if;
  -- Its settings are known exactly when it was loaded at the start.
  if to_regclass('public.pg_stat_statements') is null or current_setting('pg_stat_statements.max', true) is null then
    return query select 'warning', 'pg_stat_statements',
      'There are no statistics of statements. Add pg_stat_statements to shared_preload_libraries, restart PostgreSQL, and run as a superuser: create extension pg_stat_statements';
  end if;
  return query
    select case when s.mean_ms > 1000 then 'critical' else 'warning' end, left(regexp_replace(s.query, '\s+', ' ', 'g'), 200),
      format('Takes %s ms on average over %s calls. Look at its plan with explain (analyze, buffers): a sequential scan wants an index, many rows want a narrower question.',
        round(s.mean_ms::numeric, 1), s.calls)
    from statement_statistics() s where s.mean_ms > 100 and s.calls >= 5 order by s.total_ms desc limit 10;
  return query
    select 'warning', t.relname::text,
      format('%s of %s rows are dead. Autovacuum does not keep up: lower autovacuum_vacuum_scale_factor of this table, or look for transactions that stay open.',
        t.n_dead_tup, t.n_live_tup + t.n_dead_tup)
    from pg_stat_user_tables t
    where t.schemaname = 'public' and t.n_dead_tup > 10000 and t.n_dead_tup > 0.2 * (t.n_live_tup + t.n_dead_tup);
  return query
    select 'warning', t.relname::text,
      format('It has %s rows and was never analyzed: run select refresh_table_statistics()', t.n_live_tup)
    from pg_stat_user_tables t
    where t.schemaname = 'public' and t.n_live_tup > 1000 and greatest(t.last_analyze, t.last_autoanalyze) is null;
  return query
    select 'warning', t.relname::text,
      format('It has %s rows and was read whole %s times: look in slow_queries for the statement that lacks an index.',
        t.n_live_tup, t.seq_scan)
    from pg_stat_user_tables t
    where t.schemaname = 'public' and t.n_live_tup > 10000 and t.seq_scan > 100 and t.seq_scan > 0.01 * coalesce(t.idx_scan, 0);
  -- What Tenantry ships is left out: each such index says in its comment which query it serves.
  return query
    select 'info', i.index_name::text,
      format('No statement has used it since %s, while %s was read %s times; it takes %s. Drop it if nothing that runs once a quarter needs it.',
        to_char(i.since at time zone 'UTC', 'YYYY-MM-DD'), i.table_name, t.seq_scan + coalesce(t.idx_scan, 0), pg_size_pretty(i.bytes))
    from find_unused_indexes() i
      join pg_class c on c.relname = i.index_name and c.relnamespace = 'public'::regnamespace
      join pg_stat_user_tables t on t.relname = i.table_name and t.schemaname = 'public'
    where i.bytes > 10 * 1024 * 1024 and i.since < now() - interval '30 days'
      and t.seq_scan + coalesce(t.idx_scan, 0) > 1000 and obj_description(c.oid, 'pg_class') is null;
  select d.blks_hit::float / nullif(d.blks_hit + d.blks_read, 0) into hit_ratio
    from pg_stat_database d where d.datname = current_database();
  if hit_ratio < 0.95 then
    return query select 'warning', 'shared_buffers',
      format('Only %s %% of the pages were found in memory. Give PostgreSQL more shared_buffers (now %s), up to a quarter of the memory.',
        round(100 * hit_ratio::numeric, 1), current_setting('shared_buffers'));
  end if;
  select count(*) into used from pg_stat_activity a where a.backend_type = 'client backend';
  if used > 0.8 * current_setting('max_connections')::integer then
    return query select 'critical', 'max_connections',
      format('%s of %s connections are in use. Lower DATABASE_POOL_SIZE or the number of processes.',
        used, current_setting('max_connections'));
  end if;
  return query
    select 'warning', 'transaction of ' || coalesce(a.usename::text, 'unknown'),
      format('Open for %s and idle: it holds its locks and keeps vacuum from cleaning. End it with select pg_terminate_backend(%s)',
        date_trunc('second', now() - a.xact_start), a.pid)
    from pg_stat_activity a where a.state like 'idle in transaction%' and now() - a.xact_start > interval '1 minute';
end
$function$;
alter function analyze_query_performance() owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.append_audit_event(in_tenant uuid, subject uuid, action text, target_type text, target uuid, changes jsonb, request_id text, ip inet)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
  event.person_id := coalesce(subject, find_audit_person(action, target_type, target, changes));
  -- Nobody writes into the audit log of a tenant or person that it does not act in: such an entry stands
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
  -- 122 random bits each, by the strong generator of the server.
  event.changes_salt := uuid_send(gen_random_uuid());
  event.ip_salt := uuid_send(gen_random_uuid());
  event.hash := audit_hash(head.hash, event);
  insert into audit_events values (event.*);
  update audit_heads h set sequence = event.sequence, hash = event.hash where h.chain_id = head.chain_id;
end
$function$;
alter function append_audit_event(uuid,uuid,text,text,uuid,jsonb,text,inet) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.audit_digest(salt bytea, content text)
 RETURNS bytea
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT sha256((salt || convert_to(content, 'UTF8'::name))) AS sha256;
END;
alter function audit_digest(bytea,text) owner to owner;

CREATE OR REPLACE FUNCTION public.audit_hash(previous bytea, event audit_events)
 RETURNS bytea
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT sha256((previous || convert_to((
         CASE
             WHEN (((event).changes_salt IS NULL) AND ((event).changes_digest IS NULL)) THEN (jsonb_build_array((event).id, (event).chain_id, (event).sequence, (event).tenant_id, ((EXTRACT(epoch FROM (event).at) * (1000000)::numeric))::bigint, (event).action, (event).actor_id, (event).impersonator_id, (event).target_type, (event).target_id, (event).changes, (event).request_id, host((event).ip)) ||
             CASE
                 WHEN ((event).actor_type = 'User'::text) THEN '[]'::jsonb
                 ELSE jsonb_build_array((event).actor_type)
             END)
             ELSE jsonb_build_array('v2', (event).id, (event).chain_id, (event).sequence, (event).tenant_id, ((EXTRACT(epoch FROM (event).at) * (1000000)::numeric))::bigint, (event).action, (event).actor_type, (event).actor_id, (event).impersonator_id, (event).target_type, (event).target_id, (event).person_id, (event).request_id, encode(COALESCE((event).changes_digest, audit_digest((event).changes_salt, ((event).changes)::text)), 'hex'::text), encode(COALESCE((event).ip_digest, audit_digest((event).ip_salt, COALESCE(host((event).ip), ''::text))), 'hex'::text))
         END)::text, 'UTF8'::name))) AS sha256;
END;
alter function audit_hash(bytea,audit_events) owner to owner;

CREATE OR REPLACE FUNCTION public.begin_sign_in(account text, source inet, holds_session boolean, free_failures integer, consecutive_max integer, source_failures_max integer, window_seconds integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
  -- Anyone who holds a session of the account has delays of its own, which strangers cannot bring about.
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
$function$;
alter function begin_sign_in(text,inet,boolean,integer,integer,integer,integer) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.block_until(failures integer, free_failures integer, budget_window interval, before timestamp with time zone)
 RETURNS timestamp with time zone
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT
         CASE
             WHEN (failures >= free_failures) THEN (clock_timestamp() + LEAST(budget_window, make_interval(secs => ((2)::double precision ^ (LEAST((failures - free_failures), 20))::double precision))))
             ELSE before
         END AS before;
END;
alter function block_until(integer,integer,interval,timestamp with time zone) owner to owner;

CREATE OR REPLACE FUNCTION public.change_tenant_status(tenant uuid, transition text, grace_days integer)
 RETURNS SETOF tenants
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  if not is_platform_scope() and not (transition in ('delete', 'restore') and exists (
    select from user_tenants m
    where m.tenant_id = tenant and m.user_id = current_user_id() and m.is_active
      and 'tenant:delete' = any (membership_permissions(m.tenant_id, m.id))
  )) then
    return;
  end if;
  return query
    update tenants t set
      status = case
        when transition = 'suspend' then 'suspended'
        when transition = 'delete' then 'pending_deletion'
        when transition = 'restore' and t.suspended_at is not null then 'suspended'
        else 'active'
      end,
      suspended_at = case transition when 'suspend' then now() when 'resume' then null else t.suspended_at end,
      deletion_at = case transition when 'delete' then now() + make_interval(days => grace_days) end,
      updated_at = now()
    where t.id = tenant and case transition
      when 'suspend' then t.status = 'active'
      when 'resume' then t.status = 'suspended'
      when 'delete' then t.status = 'active' or (t.status = 'suspended' and is_platform_scope())
      when 'restore' then t.status = 'pending_deletion' and t.deletion_at > now()
    end
    returning t.*;
end
$function$;
alter function change_tenant_status(uuid,text,integer) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.check_impersonation()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
$function$;
alter function check_impersonation() owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.claim_answer(in_slot bytea)
 RETURNS TABLE(is_claimed boolean, fingerprint bytea, sealed_answer bytea)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  begin
    -- Held until the transaction ends. It lies in no table, so a first try that fails leaves nothing behind;
    -- slots that meet in their first 64 bits merely wait for one another.
    perform pg_advisory_xact_lock(substring(in_slot for 8)::bigint);
  exception when lock_not_available then
    return query select false, null::bytea, null::bytea;
    return;
  end;
  -- A statement of its own, so that it sees what the one before us has committed.
  return query
    select true, k.fingerprint, k.sealed_answer
    from (values (in_slot)) asked (slot)
    left join idempotency_keys k on k.slot = asked.slot and k.expires_at > now();
end
$function$;
alter function claim_answer(bytea) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.claim_mails(rows_max integer, lease_seconds integer)
 RETURNS TABLE(id uuid, recipient text, sealed_message bytea, attempts integer, created_at timestamp with time zone, age_seconds integer)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 UPDATE mail_outbox m SET attempts = (m.attempts + 1), next_attempt_at = (now() + make_interval(secs => (claim_mails.lease_seconds)::double precision))
   WHERE (m.id IN ( SELECT o.id
            FROM mail_outbox o
           WHERE ((NOT o.is_for_inbox) AND (o.next_attempt_at <= now()))
           ORDER BY o.next_attempt_at
          LIMIT claim_mails.rows_max
          FOR UPDATE OF o SKIP LOCKED))
   RETURNING m.id,
     m.recipient,
     m.sealed_message,
     m.attempts,
     m.created_at,
     (EXTRACT(epoch FROM (now() - m.created_at)))::integer AS "extract";
END;
alter function claim_mails(integer,integer) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.cleanup_expired_data(rows_max integer DEFAULT 10000)
 RETURNS TABLE(kind text, deleted integer)
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  -- What shuts an account until its password is reset is never forgotten; the least failures that may do so in
  -- the settings of a server are 10, and this one is nowhere to be read here.
  return query select d.kind, d.deleted from delete_expired_data(10, rows_max) d;
end
$function$;
alter function cleanup_expired_data(integer) owner to owner;

CREATE OR REPLACE FUNCTION public.create_tenant(actor uuid, tenant_id uuid, tenant_slugs text[], tenant_name text, tenant_metadata jsonb)
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
  membership uuid := uuidv7();
  candidate text;
  free_slug text;
begin
  foreach candidate in array tenant_slugs loop
    insert into tenants (id, slug, name, metadata)
      values (tenant_id, candidate, tenant_name, tenant_metadata)
      on conflict on constraint tenants_slug_unique do nothing
      returning slug into free_slug;
    exit when free_slug is not null;
  end loop;
  if free_slug is null then
    raise unique_violation using message = 'every slug is taken', constraint = 'tenants_slug_unique',
      table = 'tenants';
  end if;
  insert into roles (tenant_id, key, name, description, is_built_in, permissions)
    select create_tenant.tenant_id, b.key, b.name, b.description, true, b.permissions from built_in_roles b;
  insert into user_tenants (id, tenant_id, user_id, last_sign_in_at)
    select membership, create_tenant.tenant_id, u.id, coalesce(u.last_sign_in_at, 'epoch')
    from users u where u.id = actor;
  insert into membership_roles (tenant_id, membership_id, role_id)
    select create_tenant.tenant_id, membership, r.id from roles r
    where r.tenant_id = create_tenant.tenant_id and r.key = 'owner';
  return free_slug;
end
$function$;
alter function create_tenant(uuid,uuid,text[],text,jsonb) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.create_verification_token(hash bytea, lifetime_seconds integer, mails_max integer, window_seconds integer, spacing_seconds integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
$function$;
alter function create_verification_token(bytea,integer,integer,integer,integer) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.current_api_key_id()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (NULLIF(current_setting('tenantry.api_key_id'::text, true), ''::text))::uuid;
alter function current_api_key_id() owner to owner;

CREATE OR REPLACE FUNCTION public.current_impersonator_id()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (NULLIF(current_setting('tenantry.impersonator_id'::text, true), ''::text))::uuid;
alter function current_impersonator_id() owner to owner;

CREATE OR REPLACE FUNCTION public.current_tenant_id()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (NULLIF(current_setting('tenantry.tenant_id'::text, true), ''::text))::uuid;
alter function current_tenant_id() owner to owner;

CREATE OR REPLACE FUNCTION public.current_user_id()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (NULLIF(current_setting('tenantry.user_id'::text, true), ''::text))::uuid;
alter function current_user_id() owner to owner;

CREATE OR REPLACE FUNCTION public.decline_invitation(hash bytea, wanted uuid, wanted_tenant uuid, request_id text, ip inet)
 RETURNS TABLE(outcome text, invitation_id uuid, tenant_id uuid)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
  person uuid := current_user_id();
  invitation invitations;
  tenant tenants;
begin
  if current_impersonator_id() is null then
    select i.* into invitation from find_invitation_to(person, hash, wanted, wanted_tenant) i;
  end if;
  select t.* into tenant from tenants t where t.id = invitation.tenant_id for no key update;
  -- Again, now that nobody else can settle it.
  select i.* into invitation from find_invitation_to(person, hash, wanted, wanted_tenant) i
    where i.tenant_id = tenant.id;
  outcome := case
    when invitation.id is null then 'absent' when tenant.status <> 'active' then tenant.status else 'declined'
  end;
  if outcome = 'declined' then
    invitation_id := invitation.id;
    tenant_id := invitation.tenant_id;
    update invitations i set status = 'declined', token_hash = null, settled_at = now() where i.id = invitation.id;
    -- The audit log of a tenant takes entries of who is in it only, and this person never was.
    perform set_config('tenantry.tenant_id', tenant.id::text, true);
    perform append_audit_event(tenant.id, null, 'invitation.declined', 'Invitation', invitation.id,
      '{"status": ["pending", "declined"]}', request_id, ip);
    perform set_config('tenantry.tenant_id', '', true);
  end if;
  return next;
end
$function$;
alter function decline_invitation(bytea,uuid,uuid,text,inet) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.delete_expired_data(consecutive_max integer, rows_max integer)
 RETURNS TABLE(kind text, deleted integer)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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

  kind := 'idempotencyKeys';
  delete from idempotency_keys k where k.slot in (
    select o.slot from idempotency_keys o where o.expires_at <= now()
    order by o.expires_at limit rows_max for update skip locked);
  get diagnostics deleted = row_count;
  return next;

  -- Each person has at most one of each purpose, but an address should not stay there for nothing.
  kind := 'oneTimeTokens';
  delete from one_time_tokens t where (t.user_id, t.purpose) in (
    select o.user_id, o.purpose from one_time_tokens o where o.expires_at <= now()
    limit rows_max for update skip locked);
  get diagnostics deleted = row_count;
  return next;

  kind := 'userActivity';
  delete from user_activity a where (a.day, a.user_id) in (
    select o.day, o.user_id from user_activity o where o.day < (now() at time zone 'UTC')::date - 90
    limit rows_max for update skip locked);
  get diagnostics deleted = row_count;
  return next;
end
$function$;
alter function delete_expired_data(integer,integer) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.delete_mail(mail uuid)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 DELETE FROM mail_outbox m
   WHERE (m.id = delete_mail.mail);
END;
alter function delete_mail(uuid) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.delete_old_invitations(rows_max integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
  removed integer;
begin
  -- What is lost of this in a crash is deleted again.
  perform set_config('synchronous_commit', 'off', true);
  delete from invitations i where i.id in (
    select o.id from invitations o where o.expires_at < now() - interval '90 days'
    limit rows_max for update skip locked);
  get diagnostics removed = row_count;
  return removed;
end
$function$;
alter function delete_old_invitations(integer) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.end_impersonations()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  delete from sessions s where s.impersonator_id = old.id;
  -- Nobody acts in the name of an administrator, also not of one who has only just become one.
  delete from sessions s where s.user_id = old.id and s.impersonator_id is not null;
  return null;
end
$function$;
alter function end_impersonations() owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.enqueue_mail(to_address text, message bytea, for_inbox boolean)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  insert into mail_outbox (recipient, sealed_message, is_for_inbox) values (to_address, message, for_inbox);
  if for_inbox then
    delete from mail_outbox m where m.id in (
      select o.id from mail_outbox o where o.is_for_inbox order by o.id desc offset 100 limit 10
      for update skip locked);
  end if;
end
$function$;
alter function enqueue_mail(text,bytea,boolean) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.enter_scope(actor uuid, tenant uuid, platform boolean, api_key uuid DEFAULT NULL::uuid, impersonator uuid DEFAULT NULL::uuid)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
BEGIN ATOMIC
 SELECT set_config('tenantry.user_id'::text,
         CASE
             WHEN (c.is_good AND (enter_scope.api_key IS NULL)) THEN COALESCE((enter_scope.actor)::text, ''::text)
             ELSE ''::text
         END, true) AS set_config,
     set_config('tenantry.tenant_id'::text, COALESCE(( SELECT (m.tenant_id)::text AS tenant_id
            FROM (user_tenants m
              JOIN tenants t ON (((t.id = m.tenant_id) AND (t.status = 'active'::text))))
           WHERE ((m.tenant_id = enter_scope.tenant) AND (m.user_id = enter_scope.actor) AND m.is_active AND c.is_good)), ''::text), true) AS set_config,
     set_config('tenantry.platform'::text,
         CASE
             WHEN (enter_scope.platform AND (enter_scope.api_key IS NULL) AND (enter_scope.impersonator IS NULL) AND ((EXISTS ( SELECT
                FROM users u
               WHERE ((u.id = enter_scope.actor) AND u.is_platform_admin AND (u.status = 'active'::text)))) OR ((enter_scope.actor IS NULL) AND is_operator()))) THEN 'on'::text
             ELSE ''::text
         END, true) AS set_config,
     set_config('tenantry.api_key_id'::text,
         CASE
             WHEN c.is_good THEN COALESCE((enter_scope.api_key)::text, ''::text)
             ELSE ''::text
         END, true) AS set_config,
     set_config('tenantry.impersonator_id'::text,
         CASE
             WHEN c.is_good THEN COALESCE((enter_scope.impersonator)::text, ''::text)
             ELSE ''::text
         END, true) AS set_config
    FROM ( SELECT (((enter_scope.api_key IS NULL) OR (EXISTS ( SELECT
                    FROM (api_keys k
                      JOIN users u ON (((u.id = k.created_by) AND (u.status = 'active'::text))))
                   WHERE ((k.id = enter_scope.api_key) AND (k.tenant_id = enter_scope.tenant) AND (k.created_by = enter_scope.actor) AND (k.revoked_at IS NULL) AND (k.expires_at > now()))))) AND ((enter_scope.impersonator IS NULL) OR (EXISTS ( SELECT
                    FROM (sessions s
                      JOIN users i ON (((i.id = s.impersonator_id) AND i.is_platform_admin AND (i.status = 'active'::text))))
                   WHERE ((s.user_id = enter_scope.actor) AND (s.impersonator_id = enter_scope.impersonator) AND (s.expires_at > now())))))) AS is_good) c;
END;
alter function enter_scope(uuid,uuid,boolean,uuid,uuid) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.erase_due_tenants(rows_max integer)
 RETURNS TABLE(tenant_id uuid, is_erased boolean)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
  due tenants;
  removed integer;
begin
  select t.* into due from tenants t
    where t.status = 'pending_deletion' and t.deletion_at <= now()
    order by t.deletion_at limit 1 for update skip locked;
  if not found then
    return;
  end if;
  -- Members take their roles and the sessions bound to the tenant along.
  delete from user_tenants m where m.tenant_id = due.id and m.id in (
    select o.id from user_tenants o where o.tenant_id = due.id limit rows_max);
  get diagnostics removed = row_count;
  if removed < rows_max then
    delete from tenants t where t.id = due.id;
    -- The audit log takes entries of the tenant that is entered only, and nobody can enter this one any more.
    perform set_config('tenantry.tenant_id', due.id::text, true);
    perform append_audit_event(due.id, null, 'tenant.erased', 'Tenant', due.id,
      jsonb_build_object('slug', jsonb_build_array(due.slug, null)), null, null);
    perform set_config('tenantry.tenant_id', '', true);
  end if;
  return query select due.id, removed < rows_max;
end
$function$;
alter function erase_due_tenants(integer) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.erase_user(subject uuid)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
  address text;
begin
  if subject is distinct from current_user_id() and not is_platform_scope() then
    return false;
  end if;
  select u.email into address from users u where u.id = subject;
  if not found then
    return false;
  end if;
  delete from sign_in_budgets b
    where b.bucket = 'account:' || encode(sha256(convert_to(address, 'UTF8')), 'hex');
  perform redact_audit_events(subject, address);
  delete from users u where u.id = subject;
  return found;
end
$function$;
alter function erase_user(uuid) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.fail_sign_in(account text, source inet, holds_session boolean, free_failures integer, window_seconds integer)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
$function$;
alter function fail_sign_in(text,inet,boolean,integer,integer) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.find_access(actor uuid, tenant_ids uuid[], slugs text[])
 RETURNS TABLE(tenant_id uuid, slug text, name text, status text, metadata jsonb, member_count integer, created_at timestamp with time zone, deletion_at timestamp with time zone, membership_id uuid, permissions text[])
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
BEGIN ATOMIC
 SELECT t.id,
     t.slug,
     t.name,
     t.status,
     t.metadata,
     t.member_count,
     t.created_at,
     t.deletion_at,
     m.id,
     membership_permissions(m.tenant_id, m.id) AS membership_permissions
    FROM (user_tenants m
      JOIN tenants t ON ((t.id = m.tenant_id)))
   WHERE ((m.user_id = find_access.actor) AND m.is_active AND ((m.tenant_id = ANY (find_access.tenant_ids)) OR (m.tenant_id IN ( SELECT n.id
            FROM tenants n
           WHERE (n.slug = ANY (find_access.slugs))))));
END;
alter function find_access(uuid,uuid[],text[]) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.find_audit_person(action text, target_type text, target uuid, changes jsonb)
 RETURNS uuid
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT
         CASE find_audit_person.target_type
             WHEN 'User'::text THEN find_audit_person.target
             WHEN 'Membership'::text THEN COALESCE(( SELECT m.user_id
                FROM user_tenants m
               WHERE (m.id = find_audit_person.target)), n.named)
             WHEN 'Session'::text THEN ( SELECT s.user_id
                FROM sessions s
               WHERE (s.id = find_audit_person.target))
             WHEN 'Invitation'::text THEN ( SELECT u.id
                FROM users u
               WHERE (u.email = COALESCE((find_audit_person.changes #>> '{email,1}'::text[]), (find_audit_person.changes #>> '{email,0}'::text[]))))
             WHEN 'Tenant'::text THEN COALESCE(n.named,
             CASE
                 WHEN (find_audit_person.action = 'tenant.created'::text) THEN current_user_id()
                 ELSE NULL::uuid
             END)
             ELSE NULL::uuid
         END AS "case"
    FROM ( SELECT
                 CASE
                     WHEN (t.text ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'::text) THEN (t.text)::uuid
                     ELSE NULL::uuid
                 END AS named
            FROM ( SELECT COALESCE((find_audit_person.changes #>> '{userId,0}'::text[]), (find_audit_person.changes #>> '{userId,1}'::text[]), (find_audit_person.changes #>> '{owner,1}'::text[])) AS text) t) n;
END;
alter function find_audit_person(text,text,uuid,jsonb) owner to owner;

CREATE OR REPLACE FUNCTION public.find_credentials(sign_in_email text)
 RETURNS TABLE(user_id uuid, status text, is_platform_admin boolean, password_hash text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
BEGIN ATOMIC
 SELECT u.id,
     u.status,
     u.is_platform_admin,
     c.password_hash
    FROM (users u
      JOIN password_credentials c ON ((c.user_id = u.id)))
   WHERE (u.email = find_credentials.sign_in_email);
END;
alter function find_credentials(text) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.find_few_tenants(pattern text, is_fuzzy boolean, contains jsonb, few integer)
 RETURNS uuid[]
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET enable_seqscan TO 'off'
 SET enable_indexscan TO 'off'
 SET enable_indexonlyscan TO 'off'
 SET plan_cache_mode TO 'force_custom_plan'
AS $function$
begin
  -- Without three letters or digits in a row an index of trigrams knows nothing.
  if contains is null and pattern !~ '[[:alnum:]]{3}' then
    return null;
  end if;
  return (
    select case when count(*) <= few then coalesce(array_agg(c.id), '{}') end
    from (
      select t.id from tenants t
      where (pattern is null
          or (not is_fuzzy and t.search_text ilike '%' || pattern || '%')
          or (is_fuzzy and pattern <% t.search_text))
        and (contains is null or t.metadata @> contains)
      limit few + 1
    ) c
  );
end
$function$;
alter function find_few_tenants(text,boolean,jsonb,integer) owner to owner;

CREATE OR REPLACE FUNCTION public.find_few_users(pattern text, is_fuzzy boolean, contains jsonb, few integer)
 RETURNS uuid[]
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET enable_seqscan TO 'off'
 SET enable_indexscan TO 'off'
 SET enable_indexonlyscan TO 'off'
 SET plan_cache_mode TO 'force_custom_plan'
AS $function$
begin
  -- Without three letters or digits in a row an index of trigrams knows nothing.
  if contains is null and pattern !~ '[[:alnum:]]{3}' then
    return null;
  end if;
  return (
    select case when count(*) <= few then coalesce(array_agg(c.id), '{}') end
    from (
      select u.id from users u
      where (pattern is null
          or (not is_fuzzy and u.search_text ilike '%' || pattern || '%')
          or (is_fuzzy and pattern <% u.search_text))
        and (contains is null or u.metadata @> contains)
      limit few + 1
    ) c
  );
end
$function$;
alter function find_few_users(text,boolean,jsonb,integer) owner to owner;

CREATE OR REPLACE FUNCTION public.find_invitation_preview(hash bytea)
 RETURNS TABLE(tenant_name text, inviter_name text, expires_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT t.name,
     u.name,
     i.expires_at
    FROM ((invitations i
      JOIN tenants t ON (((t.id = i.tenant_id) AND (t.status = 'active'::text))))
      LEFT JOIN users u ON (((u.id = i.invited_by) AND (i.api_key_id IS NULL))))
   WHERE ((i.token_hash = find_invitation_preview.hash) AND (i.status = 'pending'::text) AND (i.expires_at > now()));
END;
alter function find_invitation_preview(bytea) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.find_invitation_to(person uuid, hash bytea, wanted uuid, wanted_tenant uuid)
 RETURNS SETOF invitations
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT i.id,
     i.tenant_id,
     i.email,
     i.status,
     i.token_hash,
     i.invited_by,
     i.api_key_id,
     i.created_at,
     i.expires_at,
     i.settled_at
    FROM invitations_of(find_invitation_to.person) i(id, tenant_id, email, status, token_hash, invited_by, api_key_id, created_at, expires_at, settled_at)
   WHERE ((i.token_hash = find_invitation_to.hash) OR ((i.id = find_invitation_to.wanted) AND (i.tenant_id = find_invitation_to.wanted_tenant)));
END;
alter function find_invitation_to(uuid,bytea,uuid,uuid) owner to owner;

CREATE OR REPLACE FUNCTION public.find_live_api_keys(token_hashes bytea[])
 RETURNS TABLE(ordinal bigint, id uuid, tenant_id uuid, created_by uuid, name text, hint text, permissions text[], created_at timestamp with time zone, expires_at timestamp with time zone, last_used_at timestamp with time zone, revoked_at timestamp with time zone, effective_permissions text[], needs_touch boolean)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
BEGIN ATOMIC
 SELECT asked.ordinal,
     k.id,
     k.tenant_id,
     k.created_by,
     k.name,
     k.hint,
     k.permissions,
     k.created_at,
     k.expires_at,
     k.last_used_at,
     k.revoked_at,
     ARRAY( SELECT p.p
            FROM unnest(k.permissions) p(p)
           WHERE (EXISTS ( SELECT
                    FROM (membership_roles mr
                      JOIN roles r ON (((r.tenant_id = mr.tenant_id) AND (r.id = mr.role_id))))
                   WHERE ((mr.tenant_id = m.tenant_id) AND (mr.membership_id = m.id) AND (p.p = ANY (r.permissions)))
                  OFFSET 0))
           ORDER BY p.p) AS "array",
     (COALESCE(k.last_used_at, '-infinity'::timestamp with time zone) < (now() - '00:01:00'::interval))
    FROM ((((unnest(find_live_api_keys.token_hashes) WITH ORDINALITY asked(token_hash, ordinal)
      JOIN api_keys k ON (((k.token_hash = asked.token_hash) AND (k.revoked_at IS NULL) AND (k.expires_at > now()))))
      JOIN tenants t ON (((t.id = k.tenant_id) AND (t.status = 'active'::text))))
      JOIN users u ON (((u.id = k.created_by) AND (u.status = 'active'::text))))
      JOIN user_tenants m ON (((m.tenant_id = k.tenant_id) AND (m.user_id = k.created_by) AND m.is_active)));
END;
alter function find_live_api_keys(bytea[]) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.find_live_sessions(token_hashes bytea[], in_tenants uuid[])
 RETURNS TABLE(ordinal bigint, session_id uuid, session_tenant_id uuid, ip text, user_agent text, place text, impersonator_id uuid, authenticated_seconds_ago integer, session_created_at timestamp with time zone, last_seen_at timestamp with time zone, idle_expires_at timestamp with time zone, expires_at timestamp with time zone, user_id uuid, email text, email_verified_at timestamp with time zone, name text, avatar_url text, locale text, status text, is_platform_admin boolean, metadata jsonb, last_sign_in_at timestamp with time zone, user_created_at timestamp with time zone, access_tenant_id uuid, access_membership_id uuid, access_permissions text[], needs_touch boolean)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
BEGIN ATOMIC
 SELECT asked.ordinal,
     s.id,
     s.tenant_id,
     host(s.ip) AS host,
     s.user_agent,
     s.place,
     s.impersonator_id,
     seconds_since(s.authenticated_at) AS seconds_since,
     s.created_at,
     s.last_seen_at,
     (s.last_seen_at + make_interval(secs => (s.idle_timeout_seconds)::double precision)),
     s.expires_at,
     u.id,
     u.email,
     u.email_verified_at,
     u.name,
     u.avatar_url,
     u.locale,
     u.status,
     u.is_platform_admin,
     u.metadata,
     u.last_sign_in_at,
     u.created_at,
     m.tenant_id,
     m.id,
         CASE
             WHEN (m.id IS NOT NULL) THEN membership_permissions(m.tenant_id, m.id)
             ELSE NULL::text[]
         END AS "case",
     (s.last_seen_at < (now() - '00:00:30'::interval))
    FROM (((UNNEST(find_live_sessions.token_hashes, find_live_sessions.in_tenants) WITH ORDINALITY asked(token_hash, in_tenant, ordinal)
      JOIN sessions s ON (((s.token_hash = asked.token_hash) AND (s.expires_at > now()) AND ((s.last_seen_at + make_interval(secs => (s.idle_timeout_seconds)::double precision)) > now()))))
      JOIN users u ON (((u.id = s.user_id) AND (u.status = 'active'::text))))
      LEFT JOIN LATERAL ( SELECT w.tenant_id,
             w.id
            FROM (user_tenants w
              JOIN tenants t ON (((t.id = w.tenant_id) AND (t.status = 'active'::text))))
           WHERE ((w.user_id = s.user_id) AND (w.tenant_id = COALESCE(asked.in_tenant, s.tenant_id)) AND w.is_active)
          LIMIT 1) m ON (true))
   WHERE (((s.tenant_id IS NULL) OR (EXISTS ( SELECT
            FROM (user_tenants b
              JOIN tenants bt ON (((bt.id = b.tenant_id) AND (bt.status = 'active'::text))))
           WHERE ((b.tenant_id = s.tenant_id) AND (b.user_id = s.user_id) AND b.is_active)
          OFFSET 0))) AND ((s.impersonator_id IS NULL) OR ((NOT u.is_platform_admin) AND (EXISTS ( SELECT
            FROM users i
           WHERE ((i.id = s.impersonator_id) AND i.is_platform_admin AND (i.status = 'active'::text))
          OFFSET 0)))));
END;
alter function find_live_sessions(bytea[],uuid[]) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.find_one_time_token(for_purpose text, hash bytea)
 RETURNS TABLE(user_id uuid, email text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT t.user_id,
     t.email
    FROM (one_time_tokens t
      JOIN users u ON (((u.id = t.user_id) AND (u.email = t.email) AND (u.status = 'active'::text))))
   WHERE ((t.token_hash = find_one_time_token.hash) AND (t.purpose = find_one_time_token.for_purpose) AND (t.expires_at > now()));
END;
alter function find_one_time_token(text,bytea) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.find_personal_data(subject uuid, rows_max integer)
 RETURNS json
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  return (select json_build_object(
    'user', (
      select row_to_json(x) from (
        select u.id, u.email, u.email_verified_at as "emailVerifiedAt", u.name,
          u.avatar_url as "avatarUrl", u.locale, u.status,
          u.is_platform_admin as "isPlatformAdmin", u.metadata,
          u.last_sign_in_at as "lastSignInAt", u.created_at as "createdAt", u.updated_at as "updatedAt",
          (select c.changed_at from password_credentials c where c.user_id = u.id) as "passwordChangedAt"
      ) x
    ),
    'memberships', (
      select coalesce(json_agg(x), '[]') from (
        select json_build_object('id', t.id, 'slug', t.slug, 'name', t.name) as tenant,
          (select coalesce(json_agg(json_build_object('key', r.key, 'name', r.name) order by r.key), '[]')
           from membership_roles mr join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
           where mr.tenant_id = m.tenant_id and mr.membership_id = m.id) as roles,
          m.is_active as "isActive", m.metadata, m.joined_at as "joinedAt",
          nullif(m.last_sign_in_at, 'epoch') as "lastSignInAt"
        from user_tenants m join tenants t on t.id = m.tenant_id
        where m.user_id = u.id order by m.id limit rows_max
      ) x
    ),
    'sessions', (
      select coalesce(json_agg(x), '[]') from (
        select s.id, s.tenant_id as "tenantId", host(s.ip) as ip, s.user_agent as "userAgent",
          s.impersonator_id is not null as "isImpersonated", s.created_at as "createdAt",
          s.last_seen_at as "lastSeenAt", s.expires_at as "expiresAt"
        from sessions s where s.user_id = u.id order by s.id desc limit rows_max
      ) x
    ),
    'apiKeys', (
      select coalesce(json_agg(x), '[]') from (
        select k.tenant_id as "tenantId", k.name, k.hint, k.permissions, k.created_at as "createdAt",
          k.expires_at as "expiresAt", k.last_used_at as "lastUsedAt", k.revoked_at as "revokedAt"
        from api_keys k where k.created_by = u.id order by k.id desc limit rows_max
      ) x
    ),
    'auditEvents', (
      select coalesce(json_agg(x), '[]') from (
        select e.at, e.action, e.tenant_id as "tenantId", e.actor_id = u.id as "isOwnDeed",
          e.target_type as "targetType", e.target_id as "targetId",
          -- Before and after of what is a tenant's are the tenant's.
          case when e.tenant_id is null then e.changes end as changes,
          e.request_id as "requestId", host(e.ip) as ip
        from (
          (select o.* from audit_events o
           where o.chain_id = u.id order by o.sequence desc limit rows_max)
          union all
          (select d.* from user_tenants m cross join lateral (
            select a.* from audit_events a
            where a.chain_id = m.tenant_id and a.actor_id = u.id order by a.sequence desc limit rows_max
          ) d
          where m.user_id = u.id)
        ) e
        order by e.at desc, e.id desc limit rows_max
      ) x
    ))
  from users u
  where u.id = subject and (subject = current_user_id() or is_platform_scope()));
end
$function$;
alter function find_personal_data(uuid,integer) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.find_unused_indexes()
 RETURNS TABLE(index_name name, table_name name, bytes bigint, since timestamp with time zone)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT u.index_name,
     u.table_name,
     u.bytes,
     statistics_since() AS statistics_since
    FROM index_usage u
   WHERE ((u.scans = 0) AND (NOT u.is_unique))
   ORDER BY u.bytes DESC;
END;
alter function find_unused_indexes() owner to owner;

CREATE OR REPLACE FUNCTION public.find_visible_users(actor uuid, user_ids uuid[], only_tenant uuid)
 RETURNS SETOF users
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
BEGIN ATOMIC
 SELECT u.id,
     u.email,
     u.email_verified_at,
     u.name,
     u.avatar_url,
     u.locale,
     u.status,
     u.is_platform_admin,
     u.metadata,
     u.last_sign_in_at,
     u.created_at,
     u.updated_at,
     u.search_text
    FROM users u
   WHERE ((u.id = ANY (find_visible_users.user_ids)) AND ((u.id = find_visible_users.actor) OR ((find_visible_users.only_tenant IS NULL) AND is_platform_scope()) OR ((find_visible_users.only_tenant IS NULL) AND (EXISTS ( SELECT
            FROM users a
           WHERE ((a.id = find_visible_users.actor) AND a.is_platform_admin AND (a.status = 'active'::text))))) OR (EXISTS ( SELECT
            FROM ((((user_tenants w
              JOIN user_tenants v ON ((v.tenant_id = w.tenant_id)))
              JOIN tenants vt ON (((vt.id = v.tenant_id) AND (vt.status = 'active'::text))))
              JOIN membership_roles vr ON (((vr.tenant_id = v.tenant_id) AND (vr.membership_id = v.id))))
              JOIN roles r ON (((r.tenant_id = vr.tenant_id) AND (r.id = vr.role_id))))
           WHERE ((w.user_id = u.id) AND (v.user_id = find_visible_users.actor) AND v.is_active AND ('members:read'::text = ANY (r.permissions)) AND ((find_visible_users.only_tenant IS NULL) OR (w.tenant_id = find_visible_users.only_tenant)))))));
END;
alter function find_visible_users(uuid,uuid[],uuid) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.forget_attempts(account text)
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 DELETE FROM sign_in_budgets b
   WHERE (b.bucket = ANY (ARRAY[forget_attempts.account, (forget_attempts.account || ':session'::text)]));
END;
alter function forget_attempts(text) owner to owner;

CREATE OR REPLACE FUNCTION public.forget_invitations()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  delete from invitations i where i.email = old.email;
  return null;
end
$function$;
alter function forget_invitations() owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.forget_mailbox()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
$function$;
alter function forget_mailbox() owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.has_migrations(names text[])
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  return not exists (
    select from unnest(names) wanted (name)
    where not exists (
      select from public._prisma_migrations m
      where m.migration_name = wanted.name and m.finished_at is not null and m.rolled_back_at is null
    )
  );
end
$function$;
alter function has_migrations(text[]) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.hide_literals(statement text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN regexp_replace(regexp_replace(statement, '\$([a-z_]\w*|)\$.*\$\1\$'::text, '$…$'::text, 'gi'::text), '''([^'']|'''')*(''|$)'::text, '''…'''::text, 'g'::text);
alter function hide_literals(text) owner to owner;

CREATE OR REPLACE FUNCTION public.invitations_of(person uuid)
 RETURNS SETOF invitations
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT i.id,
     i.tenant_id,
     i.email,
     i.status,
     i.token_hash,
     i.invited_by,
     i.api_key_id,
     i.created_at,
     i.expires_at,
     i.settled_at
    FROM (users u
      JOIN invitations i ON ((i.email = u.email)))
   WHERE ((u.id = invitations_of.person) AND (u.status = 'active'::text) AND (u.email_verified_at IS NOT NULL) AND (i.status = 'pending'::text) AND (i.expires_at > now()));
END;
alter function invitations_of(uuid) owner to owner;

CREATE OR REPLACE FUNCTION public.is_backed(invitation invitations, granted text[])
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT (((invitation).invited_by IS NULL) OR ((EXISTS ( SELECT
            FROM (users u
              LEFT JOIN user_tenants m ON (((m.tenant_id = (is_backed.invitation).tenant_id) AND (m.user_id = u.id) AND m.is_active)))
           WHERE ((u.id = (is_backed.invitation).invited_by) AND (u.status = 'active'::text) AND
                 CASE
                     WHEN (((is_backed.invitation).api_key_id IS NULL) AND u.is_platform_admin) THEN true
                     WHEN (m.id IS NULL) THEN false
                     ELSE ((is_backed.granted || 'members:invite'::text) <@ membership_permissions(m.tenant_id, m.id))
                 END))) AND (((invitation).api_key_id IS NULL) OR (EXISTS ( SELECT
            FROM api_keys k
           WHERE ((k.id = (is_backed.invitation).api_key_id) AND (k.tenant_id = (is_backed.invitation).tenant_id) AND (k.created_by = (is_backed.invitation).invited_by) AND (k.revoked_at IS NULL) AND (k.expires_at > now()) AND ((is_backed.granted || 'members:invite'::text) <@ k.permissions)))))));
END;
alter function is_backed(invitations,text[]) owner to owner;

CREATE OR REPLACE FUNCTION public.is_operator()
 RETURNS boolean
 LANGUAGE sql
 STABLE
RETURN pg_has_role(SESSION_USER, (SELECT p.polroles[1] AS polroles FROM pg_policy p WHERE ((p.polrelid = ('users'::regclass)::oid) AND (p.polname = 'definer'::name))), 'member'::text);
alter function is_operator() owner to owner;

CREATE OR REPLACE FUNCTION public.is_platform_scope()
 RETURNS boolean
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (COALESCE(current_setting('tenantry.platform'::text, true), ''::text) = 'on'::text);
alter function is_platform_scope() owner to owner;

CREATE OR REPLACE FUNCTION public.list_audit_heads(chain_ids uuid[])
 RETURNS TABLE(chain_id uuid, sequence bigint)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT h.chain_id,
     h.sequence
    FROM audit_heads h
   WHERE (h.chain_id = ANY (list_audit_heads.chain_ids));
END;
alter function list_audit_heads(uuid[]) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.list_grants(user_ids uuid[], tenant_ids uuid[], permissions text[])
 RETURNS TABLE(ordinal bigint, is_granted boolean)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
BEGIN ATOMIC
 SELECT asked.ordinal,
     (EXISTS ( SELECT
            FROM (membership_roles mr
              JOIN roles r ON (((r.tenant_id = mr.tenant_id) AND (r.id = mr.role_id))))
           WHERE ((mr.tenant_id = m.tenant_id) AND (mr.membership_id = m.id) AND (asked.permission = ANY (r.permissions))))) AS "exists"
    FROM (((UNNEST(list_grants.user_ids, list_grants.tenant_ids, list_grants.permissions) WITH ORDINALITY asked(user_id, tenant_id, permission, ordinal)
      JOIN user_tenants m ON (((m.tenant_id = asked.tenant_id) AND (m.user_id = asked.user_id) AND m.is_active)))
      JOIN users u ON (((u.id = m.user_id) AND (u.status = 'active'::text))))
      JOIN tenants t ON (((t.id = m.tenant_id) AND (t.status = 'active'::text))));
END;
alter function list_grants(uuid[],uuid[],text[]) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.list_inbox(rows_max integer)
 RETURNS TABLE(id uuid, recipient text, sealed_message bytea, created_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT m.id,
     m.recipient,
     m.sealed_message,
     m.created_at
    FROM mail_outbox m
   WHERE m.is_for_inbox
   ORDER BY m.id DESC
  LIMIT list_inbox.rows_max;
END;
alter function list_inbox(integer) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.list_own_invitations(rows_max integer)
 RETURNS TABLE(id uuid, tenant_id uuid, email text, invited_by uuid, created_at timestamp with time zone, expires_at timestamp with time zone, tenant jsonb, roles jsonb)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT i.id,
     i.tenant_id,
     i.email,
     i.invited_by,
     i.created_at,
     i.expires_at,
     jsonb_build_object('id', t.id, 'slug', t.slug, 'name', t.name, 'status', t.status, 'metadata', '{}'::jsonb, 'memberCount', 0, 'createdAt', t.created_at, 'deletionAt', NULL::unknown) AS jsonb_build_object,
     COALESCE(( SELECT jsonb_agg(jsonb_build_object('id', r.id, 'tenantId', r.tenant_id, 'key', r.key, 'name', r.name, 'description', r.description, 'isBuiltIn', r.is_built_in, 'permissions', r.permissions) ORDER BY r.key) AS jsonb_agg
            FROM (invitation_roles ir
              JOIN roles r ON (((r.tenant_id = ir.tenant_id) AND (r.id = ir.role_id))))
           WHERE ((ir.tenant_id = i.tenant_id) AND (ir.invitation_id = i.id))), '[]'::jsonb) AS "coalesce"
    FROM (invitations_of(current_user_id()) i(id, tenant_id, email, status, token_hash, invited_by, api_key_id, created_at, expires_at, settled_at)
      JOIN tenants t ON (((t.id = i.tenant_id) AND (t.status = 'active'::text))))
   ORDER BY i.id DESC
  LIMIT list_own_invitations.rows_max;
END;
alter function list_own_invitations(integer) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.list_roles_of_users(actor uuid, user_ids uuid[], tenant_ids uuid[])
 RETURNS TABLE(user_id uuid, tenant_id uuid, tenant_status text, roles jsonb)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
BEGIN ATOMIC
 SELECT m.user_id,
     m.tenant_id,
     t.status,
     COALESCE(( SELECT jsonb_agg(jsonb_build_object('key', r.key, 'permissions', r.permissions) ORDER BY r.key) AS jsonb_agg
            FROM (membership_roles mr
              JOIN roles r ON (((r.tenant_id = mr.tenant_id) AND (r.id = mr.role_id))))
           WHERE ((mr.tenant_id = m.tenant_id) AND (mr.membership_id = m.id))), '[]'::jsonb) AS "coalesce"
    FROM ((( SELECT DISTINCT a.user_id,
             a.tenant_id
            FROM UNNEST(list_roles_of_users.user_ids, list_roles_of_users.tenant_ids) a(user_id, tenant_id)) asked
      JOIN user_tenants m ON (((m.tenant_id = asked.tenant_id) AND (m.user_id = asked.user_id) AND m.is_active)))
      JOIN tenants t ON ((t.id = m.tenant_id)))
   WHERE ((m.user_id = list_roles_of_users.actor) OR is_platform_scope() OR (EXISTS ( SELECT
            FROM users a
           WHERE ((a.id = list_roles_of_users.actor) AND a.is_platform_admin AND (a.status = 'active'::text)))) OR (EXISTS ( SELECT
            FROM (((user_tenants v
              JOIN tenants vt ON (((vt.id = v.tenant_id) AND (vt.status = 'active'::text))))
              JOIN membership_roles vr ON (((vr.tenant_id = v.tenant_id) AND (vr.membership_id = v.id))))
              JOIN roles r ON (((r.tenant_id = vr.tenant_id) AND (r.id = vr.role_id))))
           WHERE ((v.tenant_id = m.tenant_id) AND (v.user_id = list_roles_of_users.actor) AND v.is_active AND ('members:read'::text = ANY (r.permissions))))));
END;
alter function list_roles_of_users(uuid,uuid[],uuid[]) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.list_viewer_events(user_ids uuid[])
 RETURNS TABLE(user_id uuid, id uuid, tenant_id uuid, at timestamp with time zone, action text, target_type text, target_id uuid, changes jsonb)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT asked.user_id,
     e.id,
     e.tenant_id,
     e.at,
     e.action,
     e.target_type,
     e.target_id,
     e.changes
    FROM (unnest(list_viewer_events.user_ids) asked(user_id)
      CROSS JOIN LATERAL ( SELECT n.id,
             n.chain_id,
             n.sequence,
             n.tenant_id,
             n.at,
             n.action,
             n.actor_id,
             n.impersonator_id,
             n.target_type,
             n.target_id,
             n.changes,
             n.request_id,
             n.ip,
             n.hash,
             n.actor_type,
             n.person_id,
             n.changes_salt,
             n.changes_digest,
             n.ip_salt,
             n.ip_digest,
             n.redacted_at
            FROM audit_events n
           WHERE ((n.person_id = asked.user_id) AND (n.id >= ( SELECT uuidv7('-00:00:30'::interval) AS uuidv7)))
           ORDER BY n.id DESC
          LIMIT 200) e)
   ORDER BY e.id;
END;
alter function list_viewer_events(uuid[]) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.list_visible_memberships(actors uuid[], of_users uuid[], only_tenants uuid[], after_ids uuid[], page_sizes integer[])
 RETURNS TABLE(ordinal bigint, id uuid, tenant_id uuid, user_id uuid, is_active boolean, metadata jsonb, last_sign_in_at timestamp with time zone, joined_at timestamp with time zone, tenant json, roles json)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
BEGIN ATOMIC
 SELECT asked.ordinal,
     m.id,
     m.tenant_id,
     m.user_id,
     m.is_active,
     m.metadata,
     m.last_sign_in_at,
     m.joined_at,
     json_build_object('id', t.id, 'slug', t.slug, 'name', t.name, 'status', t.status, 'metadata', t.metadata, 'memberCount', t.member_count, 'createdAt', t.created_at, 'deletionAt', t.deletion_at) AS json_build_object,
     COALESCE(( SELECT json_agg(json_build_object('id', r.id, 'tenantId', r.tenant_id, 'key', r.key, 'name', r.name, 'description', r.description, 'isBuiltIn', r.is_built_in, 'permissions', r.permissions) ORDER BY r.key) AS json_agg
            FROM (membership_roles mr
              JOIN roles r ON (((r.tenant_id = mr.tenant_id) AND (r.id = mr.role_id))))
           WHERE ((mr.tenant_id = m.tenant_id) AND (mr.membership_id = m.id))), '[]'::json) AS "coalesce"
    FROM ((UNNEST(list_visible_memberships.actors, list_visible_memberships.of_users, list_visible_memberships.only_tenants, list_visible_memberships.after_ids, list_visible_memberships.page_sizes) WITH ORDINALITY asked(actor, of_user, only_tenant, after_id, page_size, ordinal)
      CROSS JOIN LATERAL ( SELECT w.id,
             w.tenant_id,
             w.user_id,
             w.is_active,
             w.metadata,
             w.last_sign_in_at,
             w.joined_at,
             w.updated_at
            FROM user_tenants w
           WHERE ((w.user_id = asked.of_user) AND ((asked.after_id IS NULL) OR (w.id > asked.after_id)) AND ((asked.only_tenant IS NULL) OR (w.tenant_id = asked.only_tenant)) AND (((w.user_id = asked.actor) AND w.is_active) OR ((asked.only_tenant IS NULL) AND is_platform_scope()) OR ((asked.only_tenant IS NULL) AND (EXISTS ( SELECT
                    FROM users a
                   WHERE ((a.id = asked.actor) AND a.is_platform_admin AND (a.status = 'active'::text))))) OR ((asked.actor, w.tenant_id) IN ( SELECT v.user_id,
                     v.tenant_id
                    FROM ((((( SELECT DISTINCT q.actor
                            FROM UNNEST(list_visible_memberships.actors, list_visible_memberships.of_users) q(actor, of_user)
                           WHERE (q.actor <> q.of_user)) o
                      JOIN user_tenants v ON (((v.user_id = o.actor) AND v.is_active)))
                      JOIN tenants vt ON (((vt.id = v.tenant_id) AND (vt.status = 'active'::text))))
                      JOIN membership_roles vr ON (((vr.tenant_id = v.tenant_id) AND (vr.membership_id = v.id))))
                      JOIN roles r ON (((r.tenant_id = vr.tenant_id) AND (r.id = vr.role_id))))
                   WHERE ('members:read'::text = ANY (r.permissions))))))
           ORDER BY w.id
          LIMIT asked.page_size) m)
      JOIN tenants t ON ((t.id = m.tenant_id)))
   WHERE ((asked.page_size IS NOT NULL) AND (cardinality(list_visible_memberships.only_tenants) = cardinality(list_visible_memberships.actors)));
END;
alter function list_visible_memberships(uuid[],uuid[],uuid[],uuid[],integer[]) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.load_attempts(in_bucket text, budget_window interval)
 RETURNS sign_in_budgets
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
$function$;
alter function load_attempts(text,interval) owner to owner;

CREATE OR REPLACE FUNCTION public.lock_memberships_of(subject uuid)
 RETURNS TABLE(tenant_id uuid, slug text, membership_id uuid, role_keys text[], is_last_owner boolean)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
  attempt integer;
begin
  if subject is distinct from current_user_id() and not is_platform_scope() then
    return;
  end if;
  -- Everybody locks tenants before users. Once the user is locked it can join no further tenant, so the
  -- second round holds what it joined during the first.
  for attempt in 1..2 loop
    perform from tenants t
      where t.id in (select m.tenant_id from user_tenants m where m.user_id = subject)
      order by t.id for no key update;
    perform from users u where u.id = subject for update;
  end loop;
  return query
    select m.tenant_id, t.slug, m.id,
      array(
        select r.key from membership_roles mr join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
        where mr.tenant_id = m.tenant_id and mr.membership_id = m.id order by r.key
      ),
      m.is_active and exists (
        select from membership_roles mr join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
        where mr.tenant_id = m.tenant_id and mr.membership_id = m.id and r.key = 'owner'
      ) and not exists (
        select from roles r
        join membership_roles mr on mr.tenant_id = r.tenant_id and mr.role_id = r.id
        join user_tenants o on o.tenant_id = mr.tenant_id and o.id = mr.membership_id and o.is_active
        join users u on u.id = o.user_id and u.status = 'active'
        where r.tenant_id = m.tenant_id and r.key = 'owner' and o.user_id <> subject
      )
    from user_tenants m join tenants t on t.id = m.tenant_id
    where m.user_id = subject
    order by m.tenant_id;
end
$function$;
alter function lock_memberships_of(uuid) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.may_monitor()
 RETURNS boolean
 LANGUAGE sql
 STABLE
RETURN (is_platform_scope() OR is_operator());
alter function may_monitor() owner to owner;

CREATE OR REPLACE FUNCTION public.membership_permissions(tenant uuid, membership uuid)
 RETURNS text[]
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT COALESCE(array_agg(DISTINCT p.p ORDER BY p.p), '{}'::text[]) AS "coalesce"
    FROM ((membership_roles mr
      JOIN roles r ON (((r.tenant_id = mr.tenant_id) AND (r.id = mr.role_id))))
      CROSS JOIN LATERAL unnest(r.permissions) p(p))
   WHERE ((mr.tenant_id = membership_permissions.tenant) AND (mr.membership_id = membership_permissions.membership));
END;
alter function membership_permissions(uuid,uuid) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.note_sign_in(actor uuid)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET enable_seqscan TO 'off'
BEGIN ATOMIC
 UPDATE users u SET last_sign_in_at = now()
   WHERE (u.id = note_sign_in.actor);
 UPDATE user_tenants m SET last_sign_in_at = now()
   WHERE ((m.user_id = note_sign_in.actor) AND m.is_active);
END;
alter function note_sign_in(uuid) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.note_sign_in_failures(count bigint)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT set_config('synchronous_commit'::text, 'off'::text, true) AS set_config;
 INSERT INTO sign_in_failures AS f (day, failures)
   VALUES (((now() AT TIME ZONE 'UTC'::text))::date, note_sign_in_failures.count) ON CONFLICT(day) DO UPDATE SET failures = (f.failures + excluded.failures);
END;
alter function note_sign_in_failures(bigint) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.open_session(owner uuid, tenant uuid, secret_hash bytea, from_ip inet, from_agent text, from_place text, idle_seconds integer, absolute_seconds integer, per_user_max integer, request_id text, authenticated_seconds_ago integer, not_after timestamp with time zone)
 RETURNS SETOF sessions
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET enable_seqscan TO 'off'
AS $function$
declare
  opened sessions;
  ended uuid[];
  one uuid;
begin
  insert into sessions as s (user_id, tenant_id, token_hash, ip, user_agent, place, authenticated_at,
      idle_timeout_seconds, expires_at)
    values (owner, tenant, secret_hash, from_ip, from_agent, from_place,
      now() - make_interval(secs => authenticated_seconds_ago), idle_seconds,
      least(now() + make_interval(secs => absolute_seconds), not_after))
    returning s.* into opened;
  with surplus as (
    delete from sessions s where s.user_id = owner and s.id in (
      select o.id from sessions o where o.user_id = owner and o.impersonator_id is null
      order by o.last_seen_at desc, o.id desc offset per_user_max)
    returning s.id
  )
  select coalesce(array_agg(u.id), '{}') into ended from surplus u;
  -- All are ended before the first is recorded: a delete under the lock of an audit log could lock out
  -- another sign-in.
  foreach one in array ended loop
    perform append_audit_event(null, null, 'session.evicted', 'Session', one, '{}', request_id, from_ip);
  end loop;
  return next opened;
end
$function$;
alter function open_session(uuid,uuid,bytea,inet,text,text,integer,integer,integer,text,integer,timestamp with time zone) owner to owner;

CREATE OR REPLACE FUNCTION public.postpone_mail(mail uuid, attempt integer, wait_seconds integer, fault text)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 UPDATE mail_outbox m SET next_attempt_at = (now() + make_interval(secs => (postpone_mail.wait_seconds)::double precision)), last_fault = postpone_mail.fault
   WHERE ((m.id = postpone_mail.mail) AND (m.attempts = postpone_mail.attempt));
END;
alter function postpone_mail(uuid,integer,integer,text) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.record_denied_attempt(in_tenant uuid, mutation text, message text, request_id text, ip inet)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
  in_bucket text := concat_ws(':', 'denied', in_tenant, coalesce(current_api_key_id(), current_user_id()), mutation);
  attempts integer;
begin
  -- enter_scope() lets only active members and their keys into an active tenant. Nobody else writes here.
  if in_tenant is null or in_tenant is distinct from current_tenant_id() then
    return;
  end if;
  insert into sign_in_budgets as b (bucket, failures) values (in_bucket, 1)
    on conflict (bucket) do update set
      failures = case when b.window_started_at > clock_timestamp() - interval '1 hour' then b.failures + 1 else 1 end,
      window_started_at = case when b.window_started_at > clock_timestamp() - interval '1 hour'
        then b.window_started_at else clock_timestamp() end
    returning b.failures into attempts;
  if attempts not in (1, 10, 100, 1000, 10000, 100000) then
    -- What is lost of a count in a crash changes no entry.
    perform set_config('synchronous_commit', 'off', true);
    return;
  end if;
  perform append_audit_event(in_tenant, null, 'access.denied', 'Tenant', in_tenant,
    jsonb_build_object(
      'mutation', jsonb_build_array(null, mutation),
      'attempts', jsonb_build_array(null, attempts),
      'message', jsonb_build_array(null, message)),
    request_id, ip);
end
$function$;
alter function record_denied_attempt(uuid,text,text,text,inet) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.redact_audit_events(subject uuid, address text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
  -- What is said of a person in words that are not personal: ids, keys, numbers, names of fields, and
  -- why something was done. Everything else is taken out.
  impersonal constant text[] := array['userId', 'roles', 'isActive', 'fields', 'memberships', 'count',
    'tenantId', 'owner', 'status', 'reason', 'slug', 'until', 'expiresAt'];
begin
  update audit_events e set
      ip_digest = case when e.ip_salt is not null then audit_digest(e.ip_salt, host(e.ip)) end,
      ip = null, ip_salt = null, redacted_at = now()
    where e.ip is not null and (
      (e.actor_id = subject and e.actor_type = 'User')
      or (e.impersonator_id is not null and e.impersonator_id = subject));
  update audit_events e set
      changes_digest = case when e.changes_salt is not null then audit_digest(e.changes_salt, e.changes::text) end,
      changes = '{}', changes_salt = null, redacted_at = now()
    where (e.person_id = subject or e.chain_id = subject) and e.changes - impersonal <> '{}';
  update audit_events e set
      changes_digest = case when e.changes_salt is not null then audit_digest(e.changes_salt, e.changes::text) end,
      changes = '{}', changes_salt = null, redacted_at = now()
    where e.target_type = 'Invitation'
      and coalesce(e.changes #>> '{email,1}', e.changes #>> '{email,0}') = address;
end
$function$;
alter function redact_audit_events(uuid,text) owner to owner;

CREATE OR REPLACE FUNCTION public.refresh_table_statistics()
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
  target record;
  refreshed integer := 0;
begin
  if not may_monitor() then
    return 0;
  end if;
  for target in
    select c.oid::regclass as name from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      and has_table_privilege(c.oid, 'maintain')
  loop
    execute format('analyze %s', target.name);
    refreshed := refreshed + 1;
  end loop;
  return refreshed;
end
$function$;
alter function refresh_table_statistics() owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.release_sign_in(account text, source inet)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 UPDATE sign_in_budgets b SET failures = GREATEST(0, (b.failures - 1)), under_way = GREATEST(0, (b.under_way - 1))
   WHERE (b.bucket = COALESCE(source_bucket(release_sign_in.source), 'source:unknown'::text));
 SELECT forget_attempts(account) AS forget_attempts;
END;
alter function release_sign_in(text,inet) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.remember_answer(in_slot bytea, owner_id uuid, in_fingerprint bytea, answer bytea)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 INSERT INTO idempotency_keys (slot, user_id, fingerprint, sealed_answer)
   VALUES (remember_answer.in_slot, remember_answer.owner_id, remember_answer.in_fingerprint, remember_answer.answer) ON CONFLICT(slot) DO UPDATE SET user_id = excluded.user_id, fingerprint = excluded.fingerprint, sealed_answer = excluded.sealed_answer, expires_at = excluded.expires_at;
END;
alter function remember_answer(bytea,uuid,bytea,bytea) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.reopen_account()
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT forget_attempts(('account:'::text || encode(sha256(convert_to(u.email, 'UTF8'::name)), 'hex'::text))) AS forget_attempts
    FROM users u
   WHERE (u.id = current_user_id());
END;
alter function reopen_account() owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.reserve_invitations(tenant uuid, addresses text[], per_tenant integer, per_address integer)
 RETURNS TABLE(address text, wait_seconds integer)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
  budget_window interval := interval '1 day';
  whole_bucket text := 'invitations:' || tenant;
  own_bucket text;
  whole sign_in_budgets;
  own sign_in_budgets;
begin
  if tenant is distinct from current_tenant_id() and not is_platform_scope() then
    return;
  end if;
  insert into sign_in_budgets (bucket) values (whole_bucket) on conflict do nothing;
  select b.* into whole from sign_in_budgets b where b.bucket = whole_bucket for update;
  if whole.window_started_at + budget_window <= clock_timestamp() then
    whole.failures := 0;
    whole.window_started_at := clock_timestamp();
  end if;
  foreach address in array addresses loop
    own_bucket := whole_bucket || ':' || encode(sha256(convert_to(address, 'UTF8')), 'hex');
    select b.* into own from sign_in_budgets b
      where b.bucket = own_bucket and b.window_started_at + budget_window > clock_timestamp();
    wait_seconds := case
      when whole.failures >= per_tenant
        then greatest(1, ceil(extract(epoch from whole.window_started_at + budget_window - clock_timestamp())))
      when own.failures >= per_address
        then greatest(1, ceil(extract(epoch from own.window_started_at + budget_window - clock_timestamp())))
      else 0
    end;
    if wait_seconds = 0 then
      whole.failures := whole.failures + 1;
      insert into sign_in_budgets as b (bucket, failures, window_started_at)
        values (own_bucket, coalesce(own.failures, 0) + 1, coalesce(own.window_started_at, clock_timestamp()))
        on conflict (bucket) do update
          set failures = excluded.failures, window_started_at = excluded.window_started_at;
    end if;
    return next;
  end loop;
  update sign_in_budgets b set failures = whole.failures, window_started_at = whole.window_started_at
    where b.bucket = whole_bucket;
end
$function$;
alter function reserve_invitations(uuid,text[],integer,integer) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.reserve_mail(in_bucket text, mails_max integer, window_seconds integer, spacing_seconds integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
$function$;
alter function reserve_mail(text,integer,integer,integer) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.reserve_sign_up(source inet, sign_ups_max integer, window_seconds integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
$function$;
alter function reserve_sign_up(inet,integer,integer) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.reset_password_with_link(hash bytea, new_password_hash text)
 RETURNS TABLE(user_id uuid, email text, sessions_ended integer, was_verified boolean)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
$function$;
alter function reset_password_with_link(bytea,text) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.revoke_own_api_keys()
 RETURNS TABLE(id uuid, tenant_id uuid)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 WITH revoked AS (
          UPDATE api_keys k SET revoked_at = now()
           WHERE ((k.created_by = current_user_id()) AND (k.revoked_at IS NULL) AND (current_api_key_id() IS NULL) AND (current_impersonator_id() IS NULL))
           RETURNING k.id,
             k.tenant_id
         )
  SELECT r.id,
     r.tenant_id
    FROM revoked r
   ORDER BY r.tenant_id, r.id;
END;
alter function revoke_own_api_keys() owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.revoke_own_invitations()
 RETURNS TABLE(id uuid, tenant_id uuid)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 WITH revoked AS (
          UPDATE invitations i SET status = 'revoked'::text, token_hash = NULL::bytea, settled_at = now()
           WHERE ((i.invited_by = current_user_id()) AND (i.status = 'pending'::text) AND (current_api_key_id() IS NULL) AND (current_impersonator_id() IS NULL))
           RETURNING i.id,
             i.tenant_id
         )
  SELECT r.id,
     r.tenant_id
    FROM revoked r
   ORDER BY r.tenant_id, r.id;
END;
alter function revoke_own_invitations() owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.search_tenants(pattern text, contains jsonb, with_status text, above uuid, below uuid, is_descending boolean, page_size integer)
 RETURNS SETOF tenants
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET plan_cache_mode TO 'force_custom_plan'
AS $function$
declare
  few constant integer := 5000;
  is_fuzzy boolean := false;
  ids uuid[];
begin
  if not is_platform_scope() then
    return;
  end if;
  ids := find_few_tenants(pattern, is_fuzzy, contains, few);
  if ids = '{}' and pattern is not null
    and (contains is null or find_few_tenants(pattern, is_fuzzy, null, 0) = '{}')
  then
    is_fuzzy := true;
    ids := find_few_tenants(pattern, is_fuzzy, contains, few);
  end if;
  if ids is not null then
    return query
      select t.* from tenants t
      where t.id = any (ids)
        and (with_status is null or t.status = with_status)
        and (above is null or t.id > above) and (below is null or t.id < below)
      order by case when is_descending then t.id end desc, t.id limit page_size;
  elsif is_descending then
    return query
      select t.* from tenants t
      where (pattern is null
          or (not is_fuzzy and t.search_text ilike '%' || pattern || '%')
          or (is_fuzzy and pattern <% t.search_text))
        and (contains is null or t.metadata @> contains)
        and (with_status is null or t.status = with_status)
        and (above is null or t.id > above) and (below is null or t.id < below)
      order by t.id desc limit page_size;
  else
    return query
      select t.* from tenants t
      where (pattern is null
          or (not is_fuzzy and t.search_text ilike '%' || pattern || '%')
          or (is_fuzzy and pattern <% t.search_text))
        and (contains is null or t.metadata @> contains)
        and (with_status is null or t.status = with_status)
        and (above is null or t.id > above) and (below is null or t.id < below)
      order by t.id limit page_size;
  end if;
end
$function$;
alter function search_tenants(text,jsonb,text,uuid,uuid,boolean,integer) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.search_users(pattern text, contains jsonb, with_status text, above uuid, below uuid, is_descending boolean, page_size integer)
 RETURNS SETOF users
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET plan_cache_mode TO 'force_custom_plan'
AS $function$
declare
  few constant integer := 5000;
  is_fuzzy boolean := false;
  ids uuid[];
begin
  if not is_platform_scope() then
    return;
  end if;
  ids := find_few_users(pattern, is_fuzzy, contains, few);
  if ids = '{}' and pattern is not null
    and (contains is null or find_few_users(pattern, is_fuzzy, null, 0) = '{}')
  then
    is_fuzzy := true;
    ids := find_few_users(pattern, is_fuzzy, contains, few);
  end if;
  if ids is not null then
    return query
      select u.* from users u
      where u.id = any (ids)
        and (with_status is null or u.status = with_status)
        and (above is null or u.id > above) and (below is null or u.id < below)
      order by case when is_descending then u.id end desc, u.id limit page_size;
  elsif is_descending then
    return query
      select u.* from users u
      where (pattern is null
          or (not is_fuzzy and u.search_text ilike '%' || pattern || '%')
          or (is_fuzzy and pattern <% u.search_text))
        and (contains is null or u.metadata @> contains)
        and (with_status is null or u.status = with_status)
        and (above is null or u.id > above) and (below is null or u.id < below)
      order by u.id desc limit page_size;
  else
    return query
      select u.* from users u
      where (pattern is null
          or (not is_fuzzy and u.search_text ilike '%' || pattern || '%')
          or (is_fuzzy and pattern <% u.search_text))
        and (contains is null or u.metadata @> contains)
        and (with_status is null or u.status = with_status)
        and (above is null or u.id > above) and (below is null or u.id < below)
      order by u.id limit page_size;
  end if;
end
$function$;
alter function search_users(text,jsonb,text,uuid,uuid,boolean,integer) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.seconds_since(moment timestamp with time zone)
 RETURNS integer
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (LEAST(ceil(EXTRACT(epoch FROM (now() - moment))), (2147483647)::numeric))::integer;
alter function seconds_since(timestamp with time zone) owner to owner;

CREATE OR REPLACE FUNCTION public.set_user_status(subject uuid, wanted text)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  if not is_platform_scope() then
    return false;
  end if;
  update users u set status = wanted, updated_at = now() where u.id = subject and u.status <> wanted;
  return found;
end
$function$;
alter function set_user_status(uuid,text) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.settle_reset_request(lifetime_seconds integer, mails_max integer, spacing_seconds integer)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
  -- is less than a link is good for, so the mailbox always holds a good one, no matter who asked for it.
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
$function$;
alter function settle_reset_request(integer,integer,integer) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.sign_in(owner uuid, tenant uuid, secret_hash bytea, from_ip inet, from_agent text, from_place text, idle_seconds integer, absolute_seconds integer, per_user_max integer, request_id text, checked_password_hash text, new_password_hash text, account text)
 RETURNS TABLE(session_id uuid, session_tenant_id uuid, ip text, user_agent text, place text, impersonator_id uuid, authenticated_seconds_ago integer, session_created_at timestamp with time zone, last_seen_at timestamp with time zone, idle_expires_at timestamp with time zone, expires_at timestamp with time zone, user_id uuid, email text, email_verified_at timestamp with time zone, name text, avatar_url text, locale text, status text, is_platform_admin boolean, metadata jsonb, last_sign_in_at timestamp with time zone, user_created_at timestamp with time zone)
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET enable_seqscan TO 'off'
AS $function$
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
    raise exception 'a user who signs in must be visible to themselves';
  end if;
  -- Last, since everybody behind one address waits for this row until the commit.
  perform release_sign_in(account, from_ip);
end
$function$;
alter function sign_in(uuid,uuid,bytea,inet,text,text,integer,integer,integer,text,text,text,text) owner to owner;

CREATE OR REPLACE FUNCTION public.source_bucket(source inet)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN ('source:'::text || CASE WHEN (family(source) = 6) THEN (network(set_masklen(source, 64)))::text ELSE host(source) END);
alter function source_bucket(inet) owner to owner;

CREATE OR REPLACE FUNCTION public.statement_statistics()
 RETURNS TABLE(query text, calls bigint, mean_ms double precision, total_ms double precision, rows bigint, shared_blocks_hit bigint, shared_blocks_read bigint)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  -- Looked up when it runs, since the extension may come and go.
  if not may_monitor() or to_regclass('public.pg_stat_statements') is null then
    return;
  end if;
  -- Statements that read these statistics, by the command line, GraphQL or hand, are no work of the service.
  return query execute
    'select public.hide_literals(s.query), s.calls, s.mean_exec_time, s.total_exec_time, s.rows,
       s.shared_blks_hit, s.shared_blks_read
     from public.pg_stat_statements s
     where s.dbid = (select d.oid from pg_database d where d.datname = current_database()) and s.toplevel
       and s.query !~ $1'
    using '\m(pg_stat_\w+|statement_statistics|statistics_since|slow_queries|table_stats|index_usage|find_unused_indexes'
      '|user_activity_stats|activity_of_days|tenant_usage_stats|usage_of_tenants|analyze_query_performance)\M';
exception when object_not_in_prerequisite_state then
  -- The extension is there, but was not loaded when PostgreSQL started.
  return;
end
$function$;
alter function statement_statistics() owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.statistics_since()
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  if not may_monitor() then
    return null;
  end if;
  return greatest(
    (select d.stats_reset from pg_stat_database d where d.datname = current_database()),
    -- An index that an upgrade brought is no older than the upgrade.
    (select max(m.finished_at) from public._prisma_migrations m where m.rolled_back_at is null)
  );
end
$function$;
alter function statistics_since() owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.store_reset_request(address text, hash bytea, message bytea, for_inbox boolean, in_request_id text, source inet, source_max integer, source_window_seconds integer, address_max integer, address_window_seconds integer, spacing_seconds integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
$function$;
alter function store_reset_request(text,bytea,bytea,boolean,text,inet,integer,integer,integer,integer,integer) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.sync_built_in_roles(definitions jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
$function$;
alter function sync_built_in_roles(jsonb) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.take_one_time_token(for_purpose text, hash bytea)
 RETURNS TABLE(user_id uuid, email text)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 DELETE FROM one_time_tokens t
    USING users u
   WHERE ((t.token_hash = take_one_time_token.hash) AND (t.purpose = take_one_time_token.for_purpose) AND (t.expires_at > now()) AND (u.id = t.user_id) AND (u.email = t.email) AND (u.status = 'active'::text))
   RETURNING t.user_id,
     t.email;
END;
alter function take_one_time_token(text,bytea) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.tell_changes()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
  ids uuid[];
begin
  -- The argument names the column that holds the id.
  if tg_level = 'ROW' then
    execute format('select array[($1).%I]', tg_argv[0]) into ids using new;
  else
    execute format('select array_agg(distinct %I) from changed', tg_argv[0]) into ids;
  end if;
  -- To tell each of very many would take longer than to ask for all of them again.
  if cardinality(ids) > 100 then
    perform pg_notify('tenantry_changes', 'everything');
  else
    perform pg_notify('tenantry_changes', id::text) from unnest(ids) id;
  end if;
  return null;
end
$function$;
alter function tell_changes() owner to owner;

CREATE OR REPLACE FUNCTION public.tighten_session()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
  lifetimes jsonb;
begin
  select t.settings into lifetimes from tenants t where t.id = new.tenant_id;
  -- least() passes over null, which is what a setting that is absent comes to.
  new.idle_timeout_seconds :=
    least(new.idle_timeout_seconds, (lifetimes ->> 'sessionIdleTimeoutSeconds')::integer);
  new.expires_at := least(new.expires_at,
    new.created_at + make_interval(secs => (lifetimes ->> 'sessionAbsoluteTimeoutSeconds')::integer));
  return new;
end
$function$;
alter function tighten_session() owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.tighten_sessions()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  update sessions s set
      idle_timeout_seconds =
        least(s.idle_timeout_seconds, (new.settings ->> 'sessionIdleTimeoutSeconds')::integer),
      expires_at = least(s.expires_at,
        s.created_at + make_interval(secs => (new.settings ->> 'sessionAbsoluteTimeoutSeconds')::integer))
    where s.tenant_id = new.id;
  return null;
end
$function$;
alter function tighten_sessions() owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.touch_api_keys(api_key_ids uuid[])
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET enable_seqscan TO 'off'
BEGIN ATOMIC
 SELECT set_config('synchronous_commit'::text, 'off'::text, true) AS set_config;
 UPDATE api_keys k SET last_used_at = now()
   WHERE ((k.id = ANY (touch_api_keys.api_key_ids)) AND (COALESCE(k.last_used_at, '-infinity'::timestamp with time zone) < (now() - '00:01:00'::interval)));
END;
alter function touch_api_keys(uuid[]) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.touch_sessions(session_ids uuid[])
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET enable_seqscan TO 'off'
BEGIN ATOMIC
 SELECT set_config('synchronous_commit'::text, 'off'::text, true) AS set_config;
 WITH touched AS (
          UPDATE sessions s SET last_seen_at = now()
           WHERE (s.id = ANY (touch_sessions.session_ids))
           RETURNING s.user_id,
             s.impersonator_id
         )
  INSERT INTO user_activity (day, user_id)  SELECT DISTINCT ((now() AT TIME ZONE 'UTC'::text))::date AS timezone,
             t.user_id
            FROM touched t
           WHERE (t.impersonator_id IS NULL) ON CONFLICT DO NOTHING;
END;
alter function touch_sessions(uuid[]) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.try_housekeeping()
 RETURNS boolean
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT pg_try_advisory_xact_lock('7201874035'::bigint) AS pg_try_advisory_xact_lock;
END;
alter function try_housekeeping() owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.update_member_counts()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
$function$;
alter function update_member_counts() owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.update_tenant_limits(tenant uuid, members integer, api_keys integer, custom_roles integer)
 RETURNS SETOF tenants
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 UPDATE tenants t SET members_max = COALESCE(update_tenant_limits.members, t.members_max), api_keys_max = COALESCE(update_tenant_limits.api_keys, t.api_keys_max), custom_roles_max = COALESCE(update_tenant_limits.custom_roles, t.custom_roles_max), updated_at = now()
   WHERE ((t.id = update_tenant_limits.tenant) AND is_platform_scope())
   RETURNING t.id,
     t.slug,
     t.name,
     t.status,
     t.metadata,
     t.member_count,
     t.created_at,
     t.updated_at,
     t.deletion_at,
     t.search_text,
     t.settings,
     t.members_max,
     t.api_keys_max,
     t.custom_roles_max,
     t.suspended_at;
END;
alter function update_tenant_limits(uuid,integer,integer,integer) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.usage_of_tenants(tenants_max integer)
 RETURNS TABLE(tenant_id uuid, slug text, name text, members integer, active_sessions bigint, api_keys bigint, last_activity_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET enable_seqscan TO 'off'
BEGIN ATOMIC
 SELECT t.id,
     t.slug,
     t.name,
     t.member_count,
     ( SELECT (count(*) * t.stride)
            FROM (( SELECT m_1.user_id,
                     row_number() OVER () AS place
                    FROM user_tenants m_1
                   WHERE ((m_1.tenant_id = t.id) AND m_1.is_active)) m
              JOIN sessions s ON ((s.user_id = m.user_id)))
           WHERE (((m.place % (t.stride)::bigint) = 0) AND ((s.tenant_id IS NULL) OR (s.tenant_id = t.id)) AND (s.expires_at > now()) AND ((s.last_seen_at + make_interval(secs => (s.idle_timeout_seconds)::double precision)) > now()))),
     ( SELECT count(*) AS count
            FROM api_keys k
           WHERE ((k.tenant_id = t.id) AND (k.revoked_at IS NULL) AND (k.expires_at > now()))) AS count,
     ( SELECT max(e.at) AS max
            FROM audit_events e
           WHERE ((e.chain_id = t.id) AND (e.sequence = ( SELECT h.sequence
                    FROM audit_heads h
                   WHERE (h.chain_id = t.id))))) AS max
    FROM ( SELECT b.id,
             b.slug,
             b.name,
             b.member_count,
             GREATEST(1, (b.member_count / 1000)) AS stride
            FROM tenants b
           WHERE may_monitor()
           ORDER BY b.member_count DESC, b.id
          LIMIT usage_of_tenants.tenants_max) t
   ORDER BY t.member_count DESC, t.id;
END;
alter function usage_of_tenants(integer) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.uuid_floor(moment timestamp with time zone)
 RETURNS uuid
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN ((lpad(to_hex(((EXTRACT(epoch FROM moment) * (1000)::numeric))::bigint), 12, '0'::text) || '00000000000000000000'::text))::uuid;
alter function uuid_floor(timestamp with time zone) owner to owner;

CREATE OR REPLACE FUNCTION public.verify_audit_chain(chain uuid)
 RETURNS TABLE(events bigint, redacted bigint, broken_sequence bigint, fault text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 WITH linked AS (
          SELECT e.sequence,
             (e.redacted_at IS NOT NULL) AS is_redacted,
             row_number() OVER (ORDER BY e.sequence) AS expected_sequence,
                 CASE
                     WHEN ((e.redacted_at IS NOT NULL) AND (num_nonnulls(e.changes_salt, e.changes_digest) = 0)) THEN (count(COALESCE(e.changes_salt, e.changes_digest)) OVER (ORDER BY e.sequence) = 0)
                     ELSE ((e.hash = audit_hash(lag(e.hash, 1, sha256('\x'::bytea)) OVER (ORDER BY e.sequence), e.*)) AND ((e.changes_digest IS NULL) OR (e.changes = '{}'::jsonb)) AND ((e.ip_digest IS NULL) OR (e.ip IS NULL)))
                 END AS is_right
            FROM audit_events e
           WHERE (e.chain_id = verify_audit_chain.chain)
         ), first_fault AS (
          SELECT l.sequence,
                 CASE
                     WHEN (l.sequence <> l.expected_sequence) THEN 'a row before this one is missing'::text
                     ELSE 'the row does not say what it said when it was written'::text
                 END AS fault
            FROM linked l
           WHERE ((l.sequence <> l.expected_sequence) OR (l.is_right IS NOT TRUE))
           ORDER BY l.sequence
          LIMIT 1
         ), tail AS (
          SELECT h.sequence,
             h.hash,
             n.sequence AS last_sequence,
             n.hash AS last_hash
            FROM ((( SELECT verify_audit_chain.chain AS chain) c
              LEFT JOIN audit_heads h ON ((h.chain_id = c.chain)))
              LEFT JOIN LATERAL ( SELECT e.sequence,
                     e.hash
                    FROM audit_events e
                   WHERE (e.chain_id = c.chain)
                   ORDER BY e.sequence DESC
                  LIMIT 1) n ON (true))
         ), tail_fault AS (
          SELECT (COALESCE(LEAST(t.last_sequence, t.sequence), (0)::bigint) + 1) AS sequence,
             'the end of the chain is missing'::text AS fault
            FROM tail t
           WHERE ((t.last_sequence IS DISTINCT FROM t.sequence) OR (t.last_hash IS DISTINCT FROM t.hash))
         )
  SELECT ( SELECT count(*) AS count
            FROM linked) AS count,
     ( SELECT count(*) AS count
            FROM linked l
           WHERE l.is_redacted) AS count,
     COALESCE(( SELECT f.sequence
            FROM first_fault f), ( SELECT f.sequence
            FROM tail_fault f)) AS "coalesce",
     COALESCE(( SELECT f.fault
            FROM first_fault f), ( SELECT f.fault
            FROM tail_fault f)) AS "coalesce";
END;
alter function verify_audit_chain(uuid) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.verify_email(hash bytea)
 RETURNS TABLE(user_id uuid, email text, was_verified boolean)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
$function$;
alter function verify_email(bytea) owner to tenantry_definer;

CREATE OR REPLACE FUNCTION public.void_links()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  if tg_table_name = 'password_credentials' then
    delete from one_time_tokens t where t.user_id = new.user_id and t.purpose = 'password_reset';
  else
    delete from one_time_tokens t where t.user_id = new.id
      and (new.email <> old.email or new.status <> 'active' or t.purpose = 'email_verification');
  end if;
  return null;
end
$function$;
alter function void_links() owner to tenantry_definer;

-- view public.index_usage with (security_invoker=true) as
 SELECT s.indexrelname AS index_name,
    s.relname AS table_name,
    s.idx_scan AS scans,
    s.last_idx_scan AS last_scan,
    pg_relation_size(s.indexrelid::regclass) AS bytes,
    i.indisunique AS is_unique
   FROM pg_stat_user_indexes s
     JOIN pg_index i ON i.indexrelid = s.indexrelid
  WHERE s.schemaname = 'public'::name AND may_monitor()
  ORDER BY s.idx_scan, (pg_relation_size(s.indexrelid::regclass)) DESC;
alter view index_usage owner to owner;
-- view public.slow_queries with (security_invoker=true) as
 SELECT query,
    calls,
    mean_ms,
    total_ms,
    rows
   FROM statement_statistics() statement_statistics(query, calls, mean_ms, total_ms, rows, shared_blocks_hit, shared_blocks_read)
  WHERE mean_ms > 100::double precision
  ORDER BY mean_ms DESC;
alter view slow_queries owner to owner;
-- view public.table_stats with (security_invoker=true) as
 SELECT relname AS table_name,
    n_live_tup AS rows,
    n_dead_tup AS dead_rows,
    pg_total_relation_size(relid::regclass) AS bytes,
    seq_scan AS sequential_scans,
    idx_scan AS index_scans,
    GREATEST(last_vacuum, last_autovacuum) AS last_vacuum,
    GREATEST(last_analyze, last_autoanalyze) AS last_analyze
   FROM pg_stat_user_tables
  WHERE schemaname = 'public'::name AND may_monitor()
  ORDER BY (pg_total_relation_size(relid::regclass)) DESC;
alter view table_stats owner to owner;
-- view public.tenant_members as
 SELECT m.id,
    m.tenant_id,
    m.user_id,
    m.is_active,
    m.metadata,
    m.last_sign_in_at,
    m.joined_at,
    u.email,
    u.email_verified_at,
    u.name,
    u.avatar_url,
    u.locale,
    u.status,
    u.is_platform_admin,
    u.metadata AS user_metadata,
    u.last_sign_in_at AS user_last_sign_in_at,
    u.created_at AS user_created_at
   FROM user_tenants m
     JOIN users u ON u.id = m.user_id
  WHERE m.tenant_id = (( SELECT current_tenant_id() AS current_tenant_id)) OR ( SELECT is_platform_scope() AS is_platform_scope);
alter view tenant_members owner to tenantry_definer;
-- view public.tenant_usage_stats with (security_invoker=true) as
 SELECT tenant_id,
    slug,
    name,
    members,
    active_sessions,
    api_keys,
    last_activity_at
   FROM usage_of_tenants(100) usage_of_tenants(tenant_id, slug, name, members, active_sessions, api_keys, last_activity_at);
alter view tenant_usage_stats owner to owner;
-- view public.user_activity_stats with (security_invoker=true) as
 SELECT day,
    sign_ins,
    failed_sign_ins,
    active_users,
    new_users
   FROM activity_of_days(30) activity_of_days(day, sign_ins, failed_sign_ins, active_users, new_users);
alter view user_activity_stats owner to owner;

grant insert (created_by, expires_at, hint, name, permissions, tenant_id, token_hash), select, update (expires_at, name, revoked_at) on api_keys to tenantry_app;
grant delete, insert, maintain, select, update on api_keys to tenantry_definer;
grant select on audit_events to tenantry_app;
grant insert, maintain, select, update on audit_events to tenantry_definer;
grant insert, maintain, select, update on audit_heads to tenantry_definer;
grant select on built_in_roles to tenantry_app;
grant delete, insert, maintain, select, update on built_in_roles to tenantry_definer;
grant execute on function accept_invitation(bytea,uuid,uuid) to owner;
grant execute on function accept_invitation(bytea,uuid,uuid) to tenantry_app;
grant execute on function activity_of_days(integer) to owner;
grant execute on function activity_of_days(integer) to tenantry_app;
grant execute on function analyze_query_performance() to owner;
grant execute on function analyze_query_performance() to tenantry_app;
grant execute on function append_audit_event(uuid,uuid,text,text,uuid,jsonb,text,inet) to owner;
grant execute on function append_audit_event(uuid,uuid,text,text,uuid,jsonb,text,inet) to tenantry_app;
grant execute on function audit_digest(bytea,text) to public;
grant execute on function audit_hash(bytea,audit_events) to public;
grant execute on function begin_sign_in(text,inet,boolean,integer,integer,integer,integer) to owner;
grant execute on function begin_sign_in(text,inet,boolean,integer,integer,integer,integer) to tenantry_app;
grant execute on function block_until(integer,integer,interval,timestamp with time zone) to public;
grant execute on function change_tenant_status(uuid,text,integer) to owner;
grant execute on function change_tenant_status(uuid,text,integer) to tenantry_app;
grant execute on function check_impersonation() to owner;
grant execute on function claim_answer(bytea) to owner;
grant execute on function claim_answer(bytea) to tenantry_app;
grant execute on function claim_mails(integer,integer) to owner;
grant execute on function claim_mails(integer,integer) to tenantry_app;
grant execute on function create_tenant(uuid,uuid,text[],text,jsonb) to owner;
grant execute on function create_tenant(uuid,uuid,text[],text,jsonb) to tenantry_app;
grant execute on function create_verification_token(bytea,integer,integer,integer,integer) to owner;
grant execute on function create_verification_token(bytea,integer,integer,integer,integer) to tenantry_app;
grant execute on function current_api_key_id() to public;
grant execute on function current_impersonator_id() to public;
grant execute on function current_tenant_id() to public;
grant execute on function current_user_id() to public;
grant execute on function decline_invitation(bytea,uuid,uuid,text,inet) to owner;
grant execute on function decline_invitation(bytea,uuid,uuid,text,inet) to tenantry_app;
grant execute on function delete_expired_data(integer,integer) to owner;
grant execute on function delete_expired_data(integer,integer) to tenantry_app;
grant execute on function delete_mail(uuid) to owner;
grant execute on function delete_mail(uuid) to tenantry_app;
grant execute on function delete_old_invitations(integer) to owner;
grant execute on function delete_old_invitations(integer) to tenantry_app;
grant execute on function end_impersonations() to owner;
grant execute on function enqueue_mail(text,bytea,boolean) to owner;
grant execute on function enqueue_mail(text,bytea,boolean) to tenantry_app;
grant execute on function enter_scope(uuid,uuid,boolean,uuid,uuid) to owner;
grant execute on function enter_scope(uuid,uuid,boolean,uuid,uuid) to tenantry_app;
grant execute on function erase_due_tenants(integer) to owner;
grant execute on function erase_due_tenants(integer) to tenantry_app;
grant execute on function erase_user(uuid) to owner;
grant execute on function erase_user(uuid) to tenantry_app;
grant execute on function fail_sign_in(text,inet,boolean,integer,integer) to owner;
grant execute on function fail_sign_in(text,inet,boolean,integer,integer) to tenantry_app;
grant execute on function find_access(uuid,uuid[],text[]) to owner;
grant execute on function find_access(uuid,uuid[],text[]) to tenantry_app;
grant execute on function find_audit_person(text,text,uuid,jsonb) to public;
grant execute on function find_credentials(text) to owner;
grant execute on function find_credentials(text) to tenantry_app;
grant execute on function find_few_tenants(text,boolean,jsonb,integer) to tenantry_definer;
grant execute on function find_few_users(text,boolean,jsonb,integer) to tenantry_definer;
grant execute on function find_invitation_preview(bytea) to owner;
grant execute on function find_invitation_preview(bytea) to tenantry_app;
grant execute on function find_invitation_to(uuid,bytea,uuid,uuid) to public;
grant execute on function find_live_api_keys(bytea[]) to owner;
grant execute on function find_live_api_keys(bytea[]) to tenantry_app;
grant execute on function find_live_sessions(bytea[],uuid[]) to owner;
grant execute on function find_live_sessions(bytea[],uuid[]) to tenantry_app;
grant execute on function find_one_time_token(text,bytea) to owner;
grant execute on function find_one_time_token(text,bytea) to tenantry_app;
grant execute on function find_personal_data(uuid,integer) to owner;
grant execute on function find_personal_data(uuid,integer) to tenantry_app;
grant execute on function find_unused_indexes() to public;
grant execute on function find_visible_users(uuid,uuid[],uuid) to owner;
grant execute on function find_visible_users(uuid,uuid[],uuid) to tenantry_app;
grant execute on function forget_attempts(text) to public;
grant execute on function forget_invitations() to owner;
grant execute on function forget_mailbox() to owner;
grant execute on function has_migrations(text[]) to owner;
grant execute on function has_migrations(text[]) to tenantry_app;
grant execute on function hide_literals(text) to public;
grant execute on function invitations_of(uuid) to public;
grant execute on function is_backed(invitations,text[]) to public;
grant execute on function is_operator() to public;
grant execute on function is_platform_scope() to public;
grant execute on function list_audit_heads(uuid[]) to owner;
grant execute on function list_audit_heads(uuid[]) to tenantry_app;
grant execute on function list_grants(uuid[],uuid[],text[]) to owner;
grant execute on function list_grants(uuid[],uuid[],text[]) to tenantry_app;
grant execute on function list_inbox(integer) to owner;
grant execute on function list_inbox(integer) to tenantry_app;
grant execute on function list_own_invitations(integer) to owner;
grant execute on function list_own_invitations(integer) to tenantry_app;
grant execute on function list_roles_of_users(uuid,uuid[],uuid[]) to owner;
grant execute on function list_roles_of_users(uuid,uuid[],uuid[]) to tenantry_app;
grant execute on function list_viewer_events(uuid[]) to owner;
grant execute on function list_viewer_events(uuid[]) to tenantry_app;
grant execute on function list_visible_memberships(uuid[],uuid[],uuid[],uuid[],integer[]) to owner;
grant execute on function list_visible_memberships(uuid[],uuid[],uuid[],uuid[],integer[]) to tenantry_app;
grant execute on function load_attempts(text,interval) to public;
grant execute on function lock_memberships_of(uuid) to owner;
grant execute on function lock_memberships_of(uuid) to tenantry_app;
grant execute on function may_monitor() to public;
grant execute on function membership_permissions(uuid,uuid) to owner;
grant execute on function note_sign_in(uuid) to owner;
grant execute on function note_sign_in(uuid) to tenantry_app;
grant execute on function note_sign_in_failures(bigint) to owner;
grant execute on function note_sign_in_failures(bigint) to tenantry_app;
grant execute on function open_session(uuid,uuid,bytea,inet,text,text,integer,integer,integer,text,integer,timestamp with time zone) to tenantry_app;
grant execute on function postpone_mail(uuid,integer,integer,text) to owner;
grant execute on function postpone_mail(uuid,integer,integer,text) to tenantry_app;
grant execute on function record_denied_attempt(uuid,text,text,text,inet) to owner;
grant execute on function record_denied_attempt(uuid,text,text,text,inet) to tenantry_app;
grant execute on function redact_audit_events(uuid,text) to public;
grant execute on function refresh_table_statistics() to owner;
grant execute on function refresh_table_statistics() to tenantry_app;
grant execute on function release_sign_in(text,inet) to owner;
grant execute on function release_sign_in(text,inet) to tenantry_app;
grant execute on function remember_answer(bytea,uuid,bytea,bytea) to owner;
grant execute on function remember_answer(bytea,uuid,bytea,bytea) to tenantry_app;
grant execute on function reopen_account() to owner;
grant execute on function reopen_account() to tenantry_app;
grant execute on function reserve_invitations(uuid,text[],integer,integer) to owner;
grant execute on function reserve_invitations(uuid,text[],integer,integer) to tenantry_app;
grant execute on function reserve_mail(text,integer,integer,integer) to owner;
grant execute on function reserve_mail(text,integer,integer,integer) to tenantry_app;
grant execute on function reserve_sign_up(inet,integer,integer) to owner;
grant execute on function reserve_sign_up(inet,integer,integer) to tenantry_app;
grant execute on function reset_password_with_link(bytea,text) to owner;
grant execute on function reset_password_with_link(bytea,text) to tenantry_app;
grant execute on function revoke_own_api_keys() to owner;
grant execute on function revoke_own_api_keys() to tenantry_app;
grant execute on function revoke_own_invitations() to owner;
grant execute on function revoke_own_invitations() to tenantry_app;
grant execute on function search_tenants(text,jsonb,text,uuid,uuid,boolean,integer) to owner;
grant execute on function search_tenants(text,jsonb,text,uuid,uuid,boolean,integer) to tenantry_app;
grant execute on function search_users(text,jsonb,text,uuid,uuid,boolean,integer) to owner;
grant execute on function search_users(text,jsonb,text,uuid,uuid,boolean,integer) to tenantry_app;
grant execute on function seconds_since(timestamp with time zone) to public;
grant execute on function set_user_status(uuid,text) to owner;
grant execute on function set_user_status(uuid,text) to tenantry_app;
grant execute on function settle_reset_request(integer,integer,integer) to owner;
grant execute on function settle_reset_request(integer,integer,integer) to tenantry_app;
grant execute on function sign_in(uuid,uuid,bytea,inet,text,text,integer,integer,integer,text,text,text,text) to tenantry_app;
grant execute on function source_bucket(inet) to public;
grant execute on function statement_statistics() to owner;
grant execute on function statement_statistics() to tenantry_app;
grant execute on function statistics_since() to owner;
grant execute on function statistics_since() to tenantry_app;
grant execute on function store_reset_request(text,bytea,bytea,boolean,text,inet,integer,integer,integer,integer,integer) to owner;
grant execute on function store_reset_request(text,bytea,bytea,boolean,text,inet,integer,integer,integer,integer,integer) to tenantry_app;
grant execute on function sync_built_in_roles(jsonb) to owner;
grant execute on function take_one_time_token(text,bytea) to owner;
grant execute on function tighten_session() to owner;
grant execute on function tighten_sessions() to owner;
grant execute on function touch_api_keys(uuid[]) to owner;
grant execute on function touch_api_keys(uuid[]) to tenantry_app;
grant execute on function touch_sessions(uuid[]) to owner;
grant execute on function touch_sessions(uuid[]) to tenantry_app;
grant execute on function try_housekeeping() to owner;
grant execute on function try_housekeeping() to tenantry_app;
grant execute on function update_member_counts() to owner;
grant execute on function update_tenant_limits(uuid,integer,integer,integer) to owner;
grant execute on function update_tenant_limits(uuid,integer,integer,integer) to tenantry_app;
grant execute on function usage_of_tenants(integer) to owner;
grant execute on function usage_of_tenants(integer) to tenantry_app;
grant execute on function uuid_floor(timestamp with time zone) to public;
grant execute on function verify_audit_chain(uuid) to owner;
grant execute on function verify_audit_chain(uuid) to tenantry_app;
grant execute on function verify_email(bytea) to owner;
grant execute on function verify_email(bytea) to tenantry_app;
grant execute on function void_links() to owner;
grant delete, insert, maintain, select, update on idempotency_keys to tenantry_definer;
grant select on index_usage to tenantry_app;
grant select on index_usage to tenantry_definer;
grant delete, insert, select on invitation_roles to tenantry_app;
grant delete, insert, maintain, select, update on invitation_roles to tenantry_definer;
grant insert (api_key_id, email, expires_at, invited_by, tenant_id, token_hash), select, update (api_key_id, expires_at, invited_by, settled_at, status, token_hash) on invitations to tenantry_app;
grant delete, insert, maintain, select, update on invitations to tenantry_definer;
grant delete, insert, maintain, select, update on mail_outbox to tenantry_definer;
grant delete, insert, select on membership_roles to tenantry_app;
grant delete, insert, maintain, select, update on membership_roles to tenantry_definer;
grant delete, insert, maintain, select, update on one_time_tokens to tenantry_definer;
grant insert, select, update (changed_at, password_hash) on password_credentials to tenantry_app;
grant delete, insert, maintain, select, update on password_credentials to tenantry_definer;
grant delete, insert, maintain, select, update on password_reset_requests to tenantry_definer;
grant select on pg_stat_statements to tenantry_definer;
grant delete, insert (description, key, name, permissions, tenant_id), select, update (description, name, permissions, updated_at) on roles to tenantry_app;
grant delete, insert, maintain, select, update on roles to tenantry_definer;
grant usage on schema public to tenantry_app;
grant usage on schema public to tenantry_definer;
grant usage on schema public to public;
grant delete, insert, select, update (authenticated_at) on sessions to tenantry_app;
grant delete, insert, maintain, select, update on sessions to tenantry_definer;
grant delete, insert, maintain, select, update on sign_in_budgets to tenantry_definer;
grant delete, insert, maintain, select, update on sign_in_failures to tenantry_definer;
grant select on slow_queries to tenantry_app;
grant select on slow_queries to tenantry_definer;
grant select on table_stats to tenantry_app;
grant select on table_stats to tenantry_definer;
grant select on tenant_members to tenantry_app;
grant select on tenant_usage_stats to tenantry_app;
grant select on tenant_usage_stats to tenantry_definer;
grant select, update (metadata, name, settings, slug, updated_at) on tenants to tenantry_app;
grant delete, insert, maintain, select, update on tenants to tenantry_definer;
grant delete, insert, maintain, select, update on user_activity to tenantry_definer;
grant select on user_activity_stats to tenantry_app;
grant select on user_activity_stats to tenantry_definer;
grant delete, select, update (is_active, metadata, updated_at) on user_tenants to tenantry_app;
grant delete, insert, maintain, select, update on user_tenants to tenantry_definer;
grant insert (avatar_url, email, id, locale, metadata, name), select, update (avatar_url, last_sign_in_at, locale, metadata, name, updated_at) on users to tenantry_app;
grant delete, insert, maintain, select, update on users to tenantry_definer;

comment on function accept_invitation(bytea,uuid,uuid) is 'Makes the current user a member by an invitation to its verified e-mail address, by token or id, once; or says why not, with nothing changed. Decides by the rights of who invited, the limits and the settings of this moment.';
comment on function activity_of_days(integer) is 'Sign-ins, refused ones, active and new users of each of the last days (UTC), today first.';
comment on function analyze_query_performance() is 'What should be changed, if anything, each with the statement, the index or the setting it is about.';
comment on table api_keys is 'Credentials of programs. A key acts in its tenant only, with its permissions as far as its creator has them at that moment. Room is left on each page so that noting last_used_at rewrites no index.';
comment on column api_keys.created_by is 'Whose rights bound it; null once that person is erased, and the key is dead then.';
comment on column api_keys.hint is 'Prefix and last four characters, for people who look for a key.';
comment on column api_keys.token_hash is 'SHA-256 of the key; the key itself is never stored.';
comment on index api_keys_created_by_idx is 'erasing a user; the keys that somebody has made';
comment on function append_audit_event(uuid,uuid,text,text,uuid,jsonb,text,inet) is 'The only way to write the audit log: appends to the chain of the tenant, or of the person where there is none. Who acted is who the scope belongs to.';
comment on function audit_digest(bytea,text) is 'What the chain holds of a part that may be taken out later.';
comment on table audit_events is 'What was done, by whom, to what. No foreign keys: the audit log outlives what it is about.';
comment on column audit_events.actor_id is 'The user or API key that acted; null for an operator or the system itself.';
comment on column audit_events.actor_type is 'What actor_id is the id of.';
comment on column audit_events.chain_id is 'The tenant, or the user for what concerns no tenant: one chain each, so that nobody waits for strangers.';
comment on column audit_events.changes is 'For each field that changed: before and after. Never a secret.';
comment on column audit_events.changes_digest is 'What changes came to; set when they are taken out, and the salt with them.';
comment on column audit_events.changes_salt is 'Random; the chain holds only the digest of salt and changes, so that nobody can guess what was there once both are gone.';
comment on column audit_events.hash is 'SHA-256 over the hash of the row before it in the chain and everything this row says.';
comment on column audit_events.impersonator_id is 'The administrator who acted as that user.';
comment on column audit_events.ip_digest is 'The same for the address.';
comment on column audit_events.ip_salt is 'The same for the address.';
comment on column audit_events.person_id is 'The user it is about, found when it is written: of a membership or session its user, of an invitation who has that address.';
comment on column audit_events.redacted_at is 'When personal data was taken out of it.';
comment on index audit_events_actor_id_idx is 'erasing a user: the addresses of what it did';
comment on index audit_events_chain_id_action_sequence_idx is 'tenant.auditEvents(where: { action }): all changes of one kind, newest first';
comment on index audit_events_chain_id_actor_id_sequence_idx is 'tenant.auditEvents(where: { actorId }): what one person did, newest first';
comment on index audit_events_chain_id_at_idx is 'tenant.auditEvents(where: { from, to }): a stretch of time';
comment on index audit_events_chain_id_impersonated_idx is 'tenant.auditEvents(where: { isImpersonated: true }): the few among many, newest first';
comment on index audit_events_chain_id_target_id_sequence_idx is 'tenant.auditEvents(where: { targetId }): what was done to one object, newest first';
comment on index audit_events_impersonator_id_idx is 'erasing a user: the addresses of what it did as somebody else';
comment on index audit_events_invited_email_idx is 'erasing a user: invitations to its address';
comment on index audit_events_person_id_id_idx is 'viewerEvents: what was done to a person lately; erasing a user: what was said about it';
comment on index audit_events_session_opened_at_idx is 'user_activity_stats: sign-ins per day';
comment on function audit_hash(bytea,audit_events) is 'What the hash of a row must be after the given one.';
comment on table audit_heads is 'The newest row of each chain: what it must end with, so that a lopped tail is noticed.';
comment on function begin_sign_in(text,inet,boolean,integer,integer,integer,integer) is 'Counts an attempt to prove a password as failed, before it is checked. 0: go ahead, then settle it by release_sign_in() or fail_sign_in(); more: seconds to wait; -1: the account is shut until a reset; -2: attempts under way decide, ask again in a moment.';
comment on function block_until(integer,integer,interval,timestamp with time zone) is 'Until when an account takes no further attempt after so many failures.';
comment on table built_in_roles is 'The roles every tenant gets, written from the permission catalogue each time the database is opened.';
comment on function change_tenant_status(uuid,text,integer) is 'The only way to suspend, resume, delete or restore a tenant: by the platform scope, the last two also by a member with tenant:delete. No row where the state or the scope does not allow it.';
comment on function check_impersonation() is 'No session comes of an impersonation unless an administrator opens it in the platform scope, as itself, of somebody active who is none.';
comment on function claim_answer(bytea) is 'Waits, no longer than lock_timeout, until nobody else is at work under this slot, holds it until the transaction ends, and shows what was answered under it in the last 24 hours. Not claimed where the wait was too long.';
comment on function claim_mails(integer,integer) is 'Mails that are due, for this caller alone until its lease ends: processes that ask at once get different ones, and those of a process that died come back.';
comment on function cleanup_expired_data(integer) is 'Deletes at most so many rows of each kind that has expired, and tells how many; for the owner. The server does so by itself, and sees to invitations and to tenants that are due.';
comment on function create_tenant(uuid,uuid,text[],text,jsonb) is 'Creates a tenant with the first of these slugs that is free and its built-in roles, makes the actor its owner and returns the slug; the scope of a tenant cannot be entered before somebody belongs to it.';
comment on function create_verification_token(bytea,integer,integer,integer,integer) is 'A token with which the user of the scope proves its address; the one before it is void. 0: made; more: seconds to wait for the next mail.';
comment on function current_api_key_id() is 'The API key that acts, or null where a person does.';
comment on function current_impersonator_id() is 'The administrator who acts as the current user, or null.';
comment on function current_tenant_id() is 'The one tenant whose rows are visible now, or null for none.';
comment on function current_user_id() is 'The user on whose behalf this connection acts, or null.';
comment on function decline_invitation(bytea,uuid,uuid,text,inet) is 'Settles an invitation to the verified e-mail address of the current user, by token or id, and says so in the audit log of the tenant; or says why not.';
comment on function delete_expired_data(integer,integer) is 'Deletes at most so many rows of each kind that has expired, and tells how many: expired sessions, budgets of failed sign-ins that limit nobody any more, answers that are given no more, links of mails that are good no more, and who was active more than 90 days ago.';
comment on function delete_mail(uuid) is 'A mail that was sent, or is given up.';
comment on function delete_old_invitations(integer) is 'Deletes at most so many invitations whose time was over 90 days ago, settled or not: a tenant keeps no addresses of people who never joined.';
comment on function end_impersonations() is 'Impersonations end with what allowed them and do not come back to life with it.';
comment on function enqueue_mail(text,bytea,boolean) is 'Puts a mail into the outbox, in the transaction of the change it is about; or into the inbox of development, which keeps the newest hundred.';
comment on function enter_scope(uuid,uuid,boolean,uuid,uuid) is 'Opens what the other statements of this transaction may see, and nothing after it. The database itself checks the membership or the platform right of the actor, and the key or the impersonation it acts by, so a service that forgets its own check finds no rows.';
comment on function erase_due_tenants(integer) is 'One step of erasing the tenant that is due longest: at most so many members, and the tenant itself once none is left. No row when nothing is due, by this clock; calls that meet work on different tenants. The audit log stays.';
comment on function erase_user(uuid) is 'Removes a person with password, memberships and sessions, and what is personal from the audit log, which keeps the id alone. False for anybody but oneself outside the platform scope.';
comment on function fail_sign_in(text,inet,boolean,integer,integer) is 'Settles an attempt whose password was wrong, or that came to nothing otherwise.';
comment on function find_access(uuid,uuid[],text[]) is 'In which of these tenants (by id or slug) the actor is an active member, and what it may do there.';
comment on function find_audit_person(text,text,uuid,jsonb) is 'Whom an entry is about, by what it was done to; null where that is nobody in particular.';
comment on function find_credentials(text) is 'Login: the user with this canonical e-mail address and the hash to check.';
comment on function find_few_tenants(text,boolean,jsonb,integer) is 'The ids of all tenants that match, by the indexes of the search alone, or null where there are more than so many.';
comment on function find_few_users(text,boolean,jsonb,integer) is 'The ids of all users that match, by the indexes of the search alone, or null where there are more than so many.';
comment on function find_invitation_preview(bytea) is 'What the holder of a mailed link may read before signing in; no row for a token that is not valid now.';
comment on function find_invitation_to(uuid,bytea,uuid,uuid) is 'One of them, by the hash of its token or by its id and tenant.';
comment on function find_live_api_keys(bytea[]) is 'Key check: which of these keys are good now by this clock, and what they may do: of their permissions, those that their creator has at this moment.';
comment on function find_live_sessions(bytea[],uuid[]) is 'Session check: which of these tokens are good now by this clock, for whom, and with what permissions in the asked tenant (or the one the session is bound to).';
comment on function find_one_time_token(text,bytea) is 'Whose token this is, while it is good: not used, replaced or expired, for this purpose, of a user who is active and still has the address.';
comment on function find_personal_data(uuid,integer) is 'What is kept about a person, without secrets, at most so many rows of each kind: for itself, or in the platform scope; else null. A table that comes to hold something about a person has its place here and in erase_user().';
comment on function find_unused_indexes() is 'Indexes that no statement has used since the statistics began, the largest first; those that keep rows unique are left out. While the statistics are young it lists what is merely not needed yet.';
comment on function find_visible_users(uuid,uuid[],uuid) is 'Those of these users the actor may see: itself, people of tenants where it may read members, everybody as a platform administrator.';
comment on function forget_attempts(text) is 'Forgets the attempts on an account, also those that shut it.';
comment on function forget_invitations() is 'The e-mail address of a person that is erased stays in no invitation.';
comment on function forget_mailbox() is 'A person that is erased takes along the mails that wait for it.';
comment on function has_migrations(text[]) is 'Whether every one of these migrations has been applied to its end; for /readyz.';
comment on function hide_literals(text) is 'The statement with … for all that stands in single or dollar quotes; rather too much than too little.';
comment on table idempotency_keys is 'Answers that are given again to who repeats a creating mutation with the same key. The key itself stands nowhere.';
comment on column idempotency_keys.fingerprint is 'HMAC-SHA-256 of the input, with a key that takes the secret of the server and the idempotency key to derive: no password in an input can be guessed from it.';
comment on column idempotency_keys.sealed_answer is 'Sealed with a key that takes the same to derive: answers hold tokens, which stand nowhere in clear.';
comment on column idempotency_keys.slot is 'Made from mutation, caller and key with a key derived from the secret of the server.';
comment on column idempotency_keys.user_id is 'Who asked, whose API key asked, or who was made by it; a person that is erased takes its answers along.';
comment on index idempotency_keys_expires_at_idx is 'delete_expired_answers(): those that have expired';
comment on index idempotency_keys_user_id_idx is 'eraseUser: a person takes its answers along';
comment on view index_usage is 'Indexes with how often they were used, the least used first.';
comment on table invitation_roles is 'The roles that an invitation gives. A role that is deleted falls out of it; an invitation that none is left of is refused.';
comment on index invitation_roles_tenant_id_role_id_idx is 'deleting a role';
comment on table invitations is 'That an e-mail address may join a tenant with certain roles. One that is pending after expires_at has expired.';
comment on column invitations.api_key_id is 'The key of that person which invited, and bounds it as well; or null.';
comment on column invitations.email is 'Canonical, as in users; anyone who accepts must have this very address, verified.';
comment on column invitations.invited_by is 'Whose rights bound what it gives, when it is accepted too; null for an operator. No foreign key: who is gone has no rights.';
comment on column invitations.token_hash is 'SHA-256 of the token in the mailed link; the token itself is never stored. Null once it is settled: a token is good once.';
comment on index invitations_email_idx is 'viewer.pendingInvitations, accepting and declining; erasing a user';
comment on index invitations_expires_at_idx is 'deleting old ones';
comment on function invitations_of(uuid) is 'Invitations that are good now for the verified e-mail address that this person has now. Sees no more than its caller.';
comment on index invitations_tenant_id_email_pending is 'inviting an address again replaces what is pending; the room that pending invitations take';
comment on function is_backed(invitations,text[]) is 'Whether who invited could still give these permissions: by the rights of a member, of a key and its creator, or of a platform administrator.';
comment on function is_operator() is 'True for the owner of the database at the command line, who belongs to no tenant; the serving login is never one.';
comment on function is_platform_scope() is 'True while a platform administrator acts across tenants.';
comment on function list_audit_heads(uuid[]) is 'How far each of these chains goes: all streams of a process ask together whether there is something new.';
comment on function list_grants(uuid[],uuid[],text[]) is 'Whether each of these users has the permission now in the tenant beside it, no row where it does not belong there: all streams of a process are checked together.';
comment on function list_inbox(integer) is 'The newest mails of the inbox of development, newest first. Mails that are to be sent never show.';
comment on function list_own_invitations(integer) is 'Invitations for the verified e-mail address of the current user, newest first, with the name of the tenant and the roles; nothing else of the tenant, which that person has not joined.';
comment on function list_roles_of_users(uuid,uuid[],uuid[]) is 'The roles that users have in tenants, for up to hundreds of pairs at once: the actor learns its own, those in tenants where it may read members, and all as a platform administrator.';
comment on function list_viewer_events(uuid[]) is 'What was done to these users in the last 30 seconds. Their entries stand in many chains and become visible as they are committed, which no transaction puts off for so long: who asks more often and passes over what it knows misses nothing.';
comment on function list_visible_memberships(uuid[],uuid[],uuid[],uuid[],integer[]) is 'Answers many questions at once, each for a page of one user''s memberships with tenant and roles, the oldest: its actor sees its own, those in tenants where it may read members, and all as a platform administrator.';
comment on function load_attempts(text,interval) is 'A budget as it is now, locked until the transaction ends; nothing is written but a new row.';
comment on function lock_memberships_of(uuid) is 'All memberships of a user and where it is the only active owner, held still until the transaction ends: before erase_user(). Nothing about others outside the platform scope.';
comment on table mail_outbox is 'Mails that are still to be sent. One that was taken over by the mail server is a deleted row.';
comment on column mail_outbox.is_for_inbox is 'Written where development shows mails on a page instead of sending them: never sent, and only the newest stay.';
comment on column mail_outbox.last_fault is 'Why the last attempt failed, as codes: what a mail server writes may name the recipient.';
comment on column mail_outbox.next_attempt_at is 'Not to be tried before; while one process sends it, the end of its lease.';
comment on column mail_outbox.recipient is 'Canonical e-mail address; a person that is erased takes its mails along.';
comment on column mail_outbox.sealed_message is 'Subject and body, sealed with a key derived from the secret of the server: links in it hold tokens, which stand nowhere in clear. A link holds what it is for; its address is that of the settings when the mail is sent.';
comment on index mail_outbox_due_idx is 'claim_mails(): those that are due, the longest waiting first';
comment on index mail_outbox_recipient_idx is 'forget_mailbox(): the mails to a person that is erased';
comment on function may_monitor() is 'True for platform administrators across tenants, and for the owner of the database.';
comment on function membership_permissions(uuid,uuid) is 'All permissions that the roles of a membership give together, sorted.';
comment on table membership_roles is 'The roles of a membership. Both keys carry the tenant, so a role of another tenant cannot be given.';
comment on index membership_roles_tenant_id_role_id_membership_id_idx is 'tenant.owners, role.memberCount, tenant.memberships filtered by role; the last-owner check';
comment on function note_sign_in(uuid) is 'Remembers the sign-in on the user and on all of its memberships.';
comment on function note_sign_in_failures(bigint) is 'Adds to the refused sign-ins of today; losing the last second of this in a crash is harmless.';
comment on table one_time_tokens is 'Tokens sent to mailboxes, one per user and purpose: the newest replaces the one before. A token that was used is a deleted row.';
comment on column one_time_tokens.email is 'The address it was sent to: it proves this one and no later one.';
comment on column one_time_tokens.token_hash is 'SHA-256 of the token; the token itself stands in the mail alone.';
comment on index one_time_tokens_expires_at_idx is 'delete_expired_data: tokens that have expired';
comment on function open_session(uuid,uuid,bytea,inet,text,text,integer,integer,integer,text,integer,timestamp with time zone) is 'Opens a session of the current user by the database''s clock, and ends those used longest ago beyond so many, which stands in the person''s own audit log, whatever they were bound to. Those in which somebody else acts in its name are not its own, and left alone.';
comment on table password_credentials is 'One password hash (PHC string) per user, apart from users so that no tenant scope can ever read it.';
comment on table password_reset_requests is 'Requests for a reset, until settle_reset_request() looks up whether there is such an account. Rows are the same for addresses that are known and unknown, and are deleted within seconds either way.';
comment on column password_reset_requests.sealed_message is 'The mail, sealed like those of the outbox: whom it is for is not known yet.';
comment on function postpone_mail(uuid,integer,integer,text) is 'Puts a claimed mail back until later, with why.';
comment on function record_denied_attempt(uuid,text,text,text,inet) is 'Counts a mutation that a member of the entered tenant, or a key of it, had no permission for, and writes the 1st, 10th, 100th … of an hour, per actor and mutation, into the audit log of the tenant. Nothing for anybody else.';
comment on function redact_audit_events(uuid,text) is 'Takes out of the audit log from where a person acted and what was said of it but ids and rights; called by erase_user(). The chain holds digests, so every row can still be proven.';
comment on function refresh_table_statistics() is 'Analyzes all tables, as after a bulk load; returns how many.';
comment on function release_sign_in(text,inet) is 'Takes back what a successful sign-in had reserved.';
comment on function remember_answer(bytea,uuid,bytea,bytea) is 'Keeps an answer for 24 hours, in the transaction of what it is about. Only after claim_answer() showed none: what stands in its place then has expired.';
comment on function reopen_account() is 'Forgets the failed sign-ins of the user of the scope, also those that shut the account: after a reset, and last in its transaction, as sign-ins lock budgets last.';
comment on function reserve_invitations(uuid,text[],integer,integer) is 'Counts a mail to each address against what the tenant may send in a day, and against what it may send to that address: nobody makes a spam relay of it. 0: go ahead; more: seconds to wait. No row outside the tenant''s scope.';
comment on function reserve_mail(text,integer,integer,integer) is 'Counts a mail that somebody asks for, for known and unknown addresses alike. 0: go ahead; more: seconds to wait, and nothing was counted.';
comment on function reserve_sign_up(inet,integer,integer) is 'Counts a sign-up of a source before its password is hashed: neither hashes nor answers about who has signed up come without end. 0: go ahead; more: seconds to wait.';
comment on function reset_password_with_link(bytea,text) is 'Uses the token up, sets the password, ends all sessions, also those in the name of others, marks the address as its user''s (the mail came through), says whether it was so before, and lets the rest of the transaction act as that user. No row for a token that is not valid.';
comment on function revoke_own_api_keys() is 'Ends all keys that the person of the scope has made, in whatever tenant; answers them.';
comment on function revoke_own_invitations() is 'Revokes all pending invitations that the person of the scope has sent, in whatever tenant; returns them.';
comment on table roles is 'Named sets of permissions of one tenant.';
comment on function search_tenants(text,jsonb,text,uuid,uuid,boolean,integer) is 'Search for platform administrators over slug and name, in the order of creation: what contains the pattern, and if nothing does, what resembles it; nothing outside the platform scope.';
comment on function search_users(text,jsonb,text,uuid,uuid,boolean,integer) is 'Search for platform administrators over e-mail and name, in the order of creation: what contains the pattern, and if nothing does, what resembles it; nothing outside the platform scope.';
comment on function seconds_since(timestamp with time zone) is 'Whole seconds since then by the clock of the database, rounded up.';
comment on table sessions is 'Live sign-ins. A revoked session is a deleted row. Room is left on each page so that noting last_seen_at rewrites no index.';
comment on column sessions.authenticated_at is 'When its user last proved who they are with a password; what is dangerous asks how long ago that is.';
comment on column sessions.impersonator_id is 'The platform administrator who acts as the user. No foreign key: the session check asks whether that person may still do so.';
comment on column sessions.place is 'Where it was opened from, in the words of the proxy in front; null where none says.';
comment on column sessions.tenant_id is 'When set, the session may act in this tenant only, and ends with the membership.';
comment on column sessions.token_hash is 'SHA-256 of the token; the token itself is never stored.';
comment on index sessions_impersonator_id_idx is 'ending the impersonations of an administrator: revokeSessions, changePassword, suspension, demotion';
comment on index sessions_tenant_id_id_idx is 'tenant.sessions, newest first; only sessions bound to a tenant are in it';
comment on index sessions_user_id_id_idx is 'viewer.sessions and user.sessions, newest first; revokeSessions; the cap on sessions per user';
comment on function set_user_status(uuid,text) is 'The only way to suspend or reinstate a user; false outside the platform scope or where nothing changes.';
comment on function settle_reset_request(integer,integer,integer) is 'Takes the oldest request for a reset: with token, mail and audit entry if the address is an active user''s; else it is only counted. False where there is none. For a job, which acts for nobody.';
comment on function sign_in(uuid,uuid,bytea,inet,text,text,integer,integer,integer,text,text,text,text) is 'All that a sign-in does once the password has proven right, in the scope of its user: takes the new hash if there is one, remembers the sign-in, opens the session, tells the audit log and takes the reserved attempt back. No row, and nothing done, where the password is not the one that was checked any more.';
comment on table sign_in_budgets is 'Failed sign-ins per account and per source, reserved before a password is checked; sign-ups per source; mails of invitations per tenant and per address there. Only definer functions touch it.';
comment on column sign_in_budgets.bucket is 'account:<SHA-256 of the e-mail address, known or not>, followed by :session for attempts by who holds a session of the account; source:<IPv4 address or IPv6 /64 network>; sign-up-source:… and reset-source:…; reset:<SHA-256 of the address>:<source> for requests and reset-mail:<SHA-256 of the address> for mails; verification:<user>; invitations:<tenant>, also with :<SHA-256 of the address>; denied:<tenant>:<actor>:<mutation>.';
comment on column sign_in_budgets.consecutive is 'Failures since the last success; at 100 the account is shut until its password is reset (NIST SP 800-63B-4).';
comment on column sign_in_budgets.last_begun_at is 'When the last attempt began. What is under way ten seconds later is of a server that died, and has failed.';
comment on column sign_in_budgets.under_way is 'Of the failures, those whose password is still being checked: each is settled by a success or a failure.';
comment on table sign_in_failures is 'How many sign-ins were refused on which day (UTC).';
comment on view slow_queries is 'Statements that take more than 100 ms on average, the slowest first.';
comment on function source_bucket(inet) is 'One bucket per IPv4 address or IPv6 /64 network, however it is written.';
comment on function statement_statistics() is 'Statistics of the statements of this database but those that read statistics; no row without pg_stat_statements, or for whom it is not meant.';
comment on function statistics_since() is 'Since when the statistics of tables and indexes describe the schema as it is: they were reset, or it was last changed, whichever is later.';
comment on function store_reset_request(text,bytea,bytea,boolean,text,inet,integer,integer,integer,integer,integer) is 'Stores a request for a reset and looks nobody up, so that its time tells nothing. 0: stored; more: seconds to wait, counted per source and per source and address.';
comment on function sync_built_in_roles(jsonb) is 'Brings the built-in roles of every tenant to what the permission catalogue of this release says.';
comment on view table_stats is 'Tables with size, dead rows and when they were last cleaned, the largest first.';
comment on function take_one_time_token(text,bytea) is 'The same, and uses it up; for the functions that act on it.';
comment on function tell_changes() is 'Has servers forget, once the transaction is committed, what they remember of the credentials of the users or tenants whose rows were changed.';
comment on view tenant_members is 'Memberships with their people: those of the tenant that was entered, all in the platform scope.';
comment on view tenant_usage_stats is 'The 100 tenants with most members.';
comment on table tenants is 'The organisations that use the product.';
comment on column tenants.api_keys_max is 'Most API keys that are not revoked, set by platform administrators.';
comment on column tenants.custom_roles_max is 'Most roles of its own, set by platform administrators.';
comment on column tenants.deletion_at is 'From when on it is erased; set exactly while deletion is pending.';
comment on column tenants.member_count is 'Active memberships, kept by trigger: a list of 100 tenants must not count a million rows.';
comment on column tenants.members_max is 'Most active members, set by platform administrators.';
comment on column tenants.settings is 'What the tenant sets for itself, checked by src/domains/tenants/rules.ts; a key that is absent follows the platform.';
comment on column tenants.suspended_at is 'When it was suspended. Kept while a deletion is pending, so that taking the deletion back lifts no suspension.';
comment on index tenants_member_count_id_idx is 'usage_of_tenants(): the largest tenants';
comment on index tenants_metadata_idx is 'tenants(where: { metadata }): containment';
comment on index tenants_search_text_idx is 'tenants(where: { search }): fuzzy search on slug and name';
comment on function tighten_session() is 'No session bound to a tenant lives longer than the tenant allows, no matter who opens it.';
comment on function tighten_sessions() is 'A lifetime that a tenant tightens holds for the sessions that are open already.';
comment on function touch_api_keys(uuid[]) is 'Notes that keys were just used, at most once a minute for each. Losing the last of this in a crash is harmless, so it does not wait for the disk.';
comment on function touch_sessions(uuid[]) is 'Notes that sessions were just used, and that their users were active today. Losing the last second of this in a crash is harmless, so it does not wait for the disk.';
comment on function try_housekeeping() is 'True for the one transaction that may do a step of the housekeeping now; other processes leave it to that one.';
comment on function update_member_counts() is 'Keeps tenants.member_count, once per statement and not per row.';
comment on function update_tenant_limits(uuid,integer,integer,integer) is 'What a tenant is allowed; null leaves a limit as it is. No row outside the platform scope.';
comment on function usage_of_tenants(integer) is 'The tenants with most members: how much they have, and when something was last changed in them. Where there are two thousand members and more, their sessions are an estimate by a thousand of them or a few more.';
comment on table user_activity is 'Who used a session on which day (UTC). Ids only; no foreign key, since the count of a day outlives its people.';
comment on view user_activity_stats is 'The last 30 days (UTC), today first.';
comment on table user_tenants is 'Memberships: which user belongs to which tenant.';
comment on column user_tenants.last_sign_in_at is 'Copied from the user at sign-in so that one index serves "members, last sign-in first"; epoch means never, which keeps the order total and cursors simple.';
comment on index user_tenants_tenant_id_last_sign_in_at_id_idx is 'tenant.memberships, last sign-in first (the default order), any page';
comment on index user_tenants_user_id_id_idx is 'viewer.memberships and user.memberships; note_sign_in(); erasing a user';
comment on table users is 'People. A person exists once and may belong to many tenants.';
comment on column users.email is 'Canonical form, made in one place (src/lib/email.ts); the database never folds case.';
comment on column users.search_text is 'What the fuzzy search of platform administrators looks at.';
comment on index users_metadata_idx is 'users(where: { metadata }): containment';
comment on index users_search_text_idx is 'users(where: { search }): fuzzy search on e-mail and name';
comment on function uuid_floor(timestamp with time zone) is 'No UUID of version 7 that was made at this moment or later is smaller.';
comment on function verify_audit_chain(uuid) is 'Reads a chain from its start: how many rows there are, from how many personal data was taken out, and the first that is altered or missing, or null.';
comment on function verify_email(bytea) is 'Uses the token up, marks the address as its user''s, and lets the rest of the transaction act as that user. No row for a token that is not valid.';
comment on function void_links() is 'The trigger that voids mailed links. A changed password voids links to reset it; a proven address those to prove it; another address or a suspension both. A sign-in voids none, or anyone who knows the password could keep its owner from replacing it.';
