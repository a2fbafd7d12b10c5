-- What the two roles may do with tables and views. Who may execute a function stands in its file.

grant usage on schema public to tenantry_definer;
do $$
declare
  name text;
begin
  foreach name in array array[
    'users', 'password_credentials', 'tenants', 'built_in_roles', 'roles', 'user_tenants',
    'membership_roles', 'sessions', 'sign_in_budgets', 'api_keys', 'mail_outbox', 'one_time_tokens',
    'idempotency_keys', 'invitations', 'invitation_roles', 'user_activity', 'sign_in_failures',
    'password_reset_requests'
  ] loop
    execute format('grant select, insert, update, delete, maintain on %I to tenantry_definer', name);
  end loop;
end
$$;
-- Nothing deletes from the audit log.
grant select, insert, update, maintain on audit_events, audit_heads to tenantry_definer;
grant select on slow_queries, table_stats, index_usage, user_activity_stats, tenant_usage_stats
  to tenantry_definer, tenantry_app;
do $$
begin
  -- There from the first migration on; a tool that only reads these files may have none.
  if to_regclass('public._prisma_migrations') is not null then
    grant select, maintain on public._prisma_migrations to tenantry_definer;
  end if;
end
$$;

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
grant select on audit_events to tenantry_app;
grant update (settings) on tenants to tenantry_app;
grant select on api_keys to tenantry_app;
grant insert (tenant_id, created_by, name, token_hash, hint, permissions, expires_at) on api_keys to tenantry_app;
grant update (name, expires_at, revoked_at) on api_keys to tenantry_app;
grant select on invitations to tenantry_app;
grant select, insert, delete on invitation_roles to tenantry_app;
-- Neither tenant nor address can be updated: an invitation would be handed to somebody else.
grant insert (tenant_id, email, token_hash, invited_by, api_key_id, expires_at) on invitations to tenantry_app;
grant update (status, token_hash, invited_by, api_key_id, expires_at, settled_at) on invitations to tenantry_app;
grant update (authenticated_at) on sessions to tenantry_app;
