-- Row security: without a scope, no rows. enter_scope() sets the scope and checks that the actor may enter it.
-- Settings are compared through (select …), which PostgreSQL evaluates once per statement.

-- @functions

-- Definer functions read across tenants, so their owner sees every row.
do $$
declare
  name text;
begin
  foreach name in array array[
    'users', 'password_credentials', 'tenants', 'built_in_roles', 'roles', 'user_tenants',
    'membership_roles', 'sessions', 'sign_in_budgets', 'audit_heads', 'audit_events', 'api_keys',
    'mail_outbox', 'one_time_tokens', 'idempotency_keys', 'invitations', 'invitation_roles',
    'user_activity', 'sign_in_failures', 'password_reset_requests'
  ] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy definer on %I to tenantry_definer using (true) with check (true)', name);
  end loop;
end
$$;

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

-- Users see themselves and the people of the tenant they act in; they change only themselves.
create policy own_row on users to tenantry_app
  using (id = (select current_user_id()) or (select is_platform_scope()))
  with check (id = (select current_user_id()) or (select is_platform_scope()));

-- Looked up for each person that a statement reads: "offset 0" keeps PostgreSQL from reading all members of the tenant
-- into a hash table first, which cost half of all buffers of a page of 50 in a tenant with 10,000 members.
create policy same_tenant on users for select to tenantry_app
  using (exists (
    select from user_tenants m
    where m.tenant_id = (select current_tenant_id()) and m.user_id = users.id
    offset 0
  ));
create policy own_row on password_credentials to tenantry_app
  using (user_id = (select current_user_id()))
  with check (user_id = (select current_user_id()));

-- Users see all of their sessions; a tenant sees, and may end, those that are bound to it.
create policy own_rows on sessions to tenantry_app
  using (user_id = (select current_user_id()) or (select is_platform_scope()))
  with check (user_id = (select current_user_id()) or (select is_platform_scope()));
create policy tenant_reads on sessions for select to tenantry_app
  using (tenant_id = (select current_tenant_id()));
create policy tenant_revokes on sessions for delete to tenantry_app
  using (tenant_id = (select current_tenant_id()));
create policy tenant_reads on audit_events for select to tenantry_app
  using (tenant_id = (select current_tenant_id()) or (select is_platform_scope()));
create policy own_rows on audit_events for select to tenantry_app
  using (tenant_id is null and chain_id = (select current_user_id()));
create policy tenant_scope on api_keys to tenantry_app
  using (tenant_id = (select current_tenant_id()) or (select is_platform_scope()))
  with check (tenant_id = (select current_tenant_id()) or (select is_platform_scope()));
create policy tenant_scope on invitations to tenantry_app
  using (tenant_id = (select current_tenant_id()) or (select is_platform_scope()))
  with check (tenant_id = (select current_tenant_id()) or (select is_platform_scope()));
create policy tenant_scope on invitation_roles to tenantry_app
  using (tenant_id = (select current_tenant_id()) or (select is_platform_scope()))
  with check (tenant_id = (select current_tenant_id()) or (select is_platform_scope()));

-- An impersonator may see that session and end it.
create policy impersonator_reads on sessions for select to tenantry_app
  using (impersonator_id = (select current_user_id()));
create policy impersonator_ends on sessions for delete to tenantry_app
  using (impersonator_id = (select current_user_id()));

-- A page of members shows people, and row security looked each of them up in the index that the page had just read: a
-- quarter of all buffers of the statement. The view runs with the rights of its owner, as definer functions do, and
-- repeats the condition of the policy of user_tenants.
-- Only a role that may create it can own it, and the role that migrates may be no superuser.
grant usage, create on schema public to tenantry_definer;
set local role tenantry_definer;

create view tenant_members as
  select
    m.id, m.tenant_id, m.user_id, m.is_active, m.metadata, m.last_sign_in_at, m.joined_at,
    u.email, u.email_verified_at, u.name, u.avatar_url, u.locale, u.status, u.is_platform_admin,
    u.metadata as user_metadata, u.last_sign_in_at as user_last_sign_in_at, u.created_at as user_created_at
  from user_tenants m
  join users u on u.id = m.user_id
  where m.tenant_id = (select current_tenant_id()) or (select is_platform_scope());
comment on view tenant_members is
  'Memberships with their people: those of the tenant that was entered, all in the platform scope.';
grant select on tenant_members to tenantry_app;

reset role;
revoke create on schema public from tenantry_definer;
