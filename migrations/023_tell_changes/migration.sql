-- Servers remember for a moment whom a session or an API key is good for
-- (docs/decisions/028-remembered-credentials.md). Whatever changes such an answer is told to them here, in
-- the transaction that changes it, whoever that is: by the id of the user or the tenant whose answers are
-- to be forgotten.

create function tell_changes() returns trigger
language plpgsql volatile set search_path = pg_catalog, public, pg_temp
as $$
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
$$;
comment on function tell_changes is
  'Has servers forget, once the transaction is committed, what they remember of the credentials of the users or tenants whose rows were changed.';

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

-- What they may do. A new membership has roles, which tell of it.
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

revoke all on function tell_changes() from public;
