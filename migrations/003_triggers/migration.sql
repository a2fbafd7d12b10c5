-- The runner replaces the next line by the files of migrations/functions/ that this migration calls, and those that they
-- call. All others are applied after the numbered migrations (docs/decisions/051).
-- @functions

create trigger user_tenants_count_inserted after insert on user_tenants
  referencing new table as changed for each statement execute function update_member_counts();

create trigger user_tenants_count_deleted after delete on user_tenants
  referencing old table as former for each statement execute function update_member_counts();

create trigger user_tenants_count_updated after update on user_tenants
  referencing new table as changed old table as former for each statement execute function update_member_counts();

create trigger sessions_tighten before insert on sessions
  for each row when (new.tenant_id is not null) execute function tighten_session();

create trigger tenants_tighten_sessions after update of settings on tenants
  for each row when (old.settings is distinct from new.settings) execute function tighten_sessions();

create trigger users_forget_mailbox after delete on users
  for each row execute function forget_mailbox();

create trigger users_forget_invitations after delete on users
  for each row execute function forget_invitations();

create trigger sessions_check_impersonation before insert on sessions
  for each row when (new.impersonator_id is not null) execute function check_impersonation();

create trigger users_end_impersonations after update of status, is_platform_admin on users
  for each row when (old.status <> new.status or old.is_platform_admin <> new.is_platform_admin)
  execute function end_impersonations();

create trigger users_end_impersonations_of_gone after delete on users
  for each row when (old.is_platform_admin) execute function end_impersonations();

-- Sessions. A new one has no answer yet, and that one was just used changes none: last_seen_at only grows by
-- use, which every check notes.
create trigger sessions_tell_end after delete on sessions
  referencing old table as changed for each statement execute function tell_changes('user_id');

create trigger sessions_tell_change after update on sessions
  for each row when (
    new.last_seen_at <= old.last_seen_at
    or (new.user_id, new.token_hash, new.expires_at, new.idle_timeout_seconds, new.authenticated_at)
      is distinct from (old.user_id, old.token_hash, old.expires_at, old.idle_timeout_seconds, old.authenticated_at)
    or (new.tenant_id, new.impersonator_id) is distinct from (old.tenant_id, old.impersonator_id)
  ) execute function tell_changes('user_id');

-- API keys, by their tenant; that one was used changes nothing.
create trigger api_keys_tell_end after delete on api_keys
  referencing old table as changed for each statement execute function tell_changes('tenant_id');

create trigger api_keys_tell_change after update of name, permissions, expires_at, revoked_at, token_hash on api_keys
  for each row execute function tell_changes('tenant_id');

-- Users. When one signed in last is not told; a deleted one takes its sessions and memberships along.
create trigger users_tell_change
  after update of email, email_verified_at, name, avatar_url, locale, status, is_platform_admin, metadata on users
  for each row execute function tell_changes('id');

-- What they may do. A new membership has roles, which report it.
create trigger user_tenants_tell_change after update of is_active on user_tenants
  for each row execute function tell_changes('user_id');

create trigger user_tenants_tell_end after delete on user_tenants
  referencing old table as changed for each statement execute function tell_changes('user_id');

create trigger membership_roles_tell_gain after insert on membership_roles
  referencing new table as changed for each statement execute function tell_changes('tenant_id');

create trigger membership_roles_tell_loss after delete on membership_roles
  referencing old table as changed for each statement execute function tell_changes('tenant_id');

create trigger roles_tell_change after update on roles
  referencing new table as changed for each statement execute function tell_changes('tenant_id');

create trigger tenants_tell_change after update of status on tenants
  for each row execute function tell_changes('id');

-- A hash that a sign-in brings up to date is of the same password: it leaves changed_at as it is.
create trigger password_credentials_void_links after update of changed_at on password_credentials
  for each row when (new.changed_at <> old.changed_at) execute function void_links();

create trigger users_void_links after update of email, email_verified_at, status on users
  for each row when (new.email <> old.email
    or (new.status <> old.status and new.status <> 'active')
    or (old.email_verified_at is null and new.email_verified_at is not null))
  execute function void_links();
