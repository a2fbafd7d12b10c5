-- The life of tenants and users: suspended and back, deleted with a time to take it back, erased; what a
-- tenant sets for itself and what it is allowed. Whatever changes a state is a definer function that
-- decides by the scope itself, so that no statement of the serving login can write a status.

alter table tenants
  add column settings jsonb not null default '{}',
  add column members_max integer not null default 100000,
  add column api_keys_max integer not null default 100,
  add column custom_roles_max integer not null default 50,
  add column suspended_at timestamptz,
  add constraint tenants_settings_known check (
    jsonb_typeof(settings) = 'object'
    and settings - array['sessionIdleTimeoutSeconds', 'sessionAbsoluteTimeoutSeconds', 'defaultRoleKey',
      'allowedEmailDomains'] = '{}'
    and coalesce(jsonb_typeof(settings -> 'sessionIdleTimeoutSeconds'), 'number') = 'number'
    and coalesce(jsonb_typeof(settings -> 'sessionAbsoluteTimeoutSeconds'), 'number') = 'number'
    and coalesce(jsonb_typeof(settings -> 'defaultRoleKey'), 'string') = 'string'
    and coalesce(jsonb_typeof(settings -> 'allowedEmailDomains'), 'array') = 'array'
  ),
  add constraint tenants_limits_counted check (members_max >= 1 and api_keys_max >= 0 and custom_roles_max >= 0),
  add constraint tenants_deletion_dated check ((status = 'pending_deletion') = (deletion_at is not null));
comment on column tenants.settings is
  'What the tenant sets for itself, checked by src/domains/tenants/rules.ts; a key that is absent follows the platform.';
comment on column tenants.members_max is 'Most active members, set by platform administrators.';
comment on column tenants.api_keys_max is 'Most API keys that are not revoked, set by platform administrators.';
comment on column tenants.custom_roles_max is 'Most roles of its own, set by platform administrators.';
comment on column tenants.suspended_at is
  'When it was suspended. Kept while a deletion is pending, so that taking the deletion back lifts no suspension.';
comment on column tenants.deletion_at is 'From when on it is erased; set exactly while deletion is pending.';

grant update (settings) on tenants to tenantry_app;

-- Session lifetimes a tenant has tightened ---------------------------------------------------------

create function tighten_session() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
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
$$;
comment on function tighten_session is
  'No session bound to a tenant lives longer than the tenant allows, whoever opens it.';
create trigger sessions_tighten before insert on sessions
  for each row when (new.tenant_id is not null) execute function tighten_session();

create function tighten_sessions() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  update sessions s set
      idle_timeout_seconds =
        least(s.idle_timeout_seconds, (new.settings ->> 'sessionIdleTimeoutSeconds')::integer),
      expires_at = least(s.expires_at,
        s.created_at + make_interval(secs => (new.settings ->> 'sessionAbsoluteTimeoutSeconds')::integer))
    where s.tenant_id = new.id;
  return null;
end
$$;
comment on function tighten_sessions is
  'A lifetime that a tenant tightens holds for the sessions that are open already.';
create trigger tenants_tighten_sessions after update of settings on tenants
  for each row when (old.settings is distinct from new.settings) execute function tighten_sessions();

-- The states of a tenant ---------------------------------------------------------------------------

create function change_tenant_status(tenant uuid, transition text, grace_days integer) returns setof tenants
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
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
$$;
comment on function change_tenant_status is
  'The only way to suspend, resume, delete or restore a tenant: by the platform scope, the last two also by a member with tenant:delete. No row where the state or the scope does not allow it.';

create function update_tenant_limits(tenant uuid, members integer, api_keys integer, custom_roles integer)
returns setof tenants
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  update tenants t set
      members_max = coalesce(members, t.members_max),
      api_keys_max = coalesce(api_keys, t.api_keys_max),
      custom_roles_max = coalesce(custom_roles, t.custom_roles_max),
      updated_at = now()
    where t.id = tenant and is_platform_scope()
    returning t.*;
end;
comment on function update_tenant_limits is
  'What a tenant is allowed; null leaves a limit as it is. No row outside the platform scope.';

create function erase_due_tenants(rows_max integer) returns table (tenant_id uuid, is_erased boolean)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
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
    -- The trail takes entries of the tenant that is entered only, and nobody can enter this one any more.
    perform set_config('tenantry.tenant_id', due.id::text, true);
    perform append_audit_event(due.id, null, 'tenant.erased', 'Tenant', due.id,
      jsonb_build_object('slug', jsonb_build_array(due.slug, null)), null, null);
    perform set_config('tenantry.tenant_id', '', true);
  end if;
  return query select due.id, removed < rows_max;
end
$$;
comment on function erase_due_tenants is
  'One step of erasing the tenant that is due longest: at most so many members, and the tenant itself once none is left. No row when nothing is due, by this clock; calls that meet work on different tenants. The audit trail stays.';

-- The states of a user -----------------------------------------------------------------------------

create function set_user_status(subject uuid, wanted text) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  if not is_platform_scope() then
    return false;
  end if;
  update users u set status = wanted, updated_at = now() where u.id = subject and u.status <> wanted;
  return found;
end
$$;
comment on function set_user_status is
  'The only way to suspend or reinstate a user; false outside the platform scope or where nothing changes.';

create function lock_memberships_of(subject uuid)
returns table (tenant_id uuid, slug text, membership_id uuid, role_keys text[], is_last_owner boolean)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
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
$$;
comment on function lock_memberships_of is
  'All memberships of a user and where it is the only active owner, held still until the transaction ends: before erase_user(). Nothing about others outside the platform scope.';

create function erase_user(subject uuid) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  if subject is distinct from current_user_id() and not is_platform_scope() then
    return false;
  end if;
  delete from sign_in_budgets b using users u
    where u.id = subject and b.bucket = 'account:' || encode(sha256(convert_to(u.email, 'UTF8')), 'hex');
  delete from users u where u.id = subject;
  return found;
end
$$;
comment on function erase_user is
  'Removes a person with password, memberships and sessions. What the trail says keeps the id alone. False for anybody but oneself outside the platform scope.';

-- What has had its time ----------------------------------------------------------------------------

create function delete_expired_data(consecutive_max integer, rows_max integer)
returns table (sessions_deleted integer, sign_in_budgets_deleted integer)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  -- What is lost of this in a crash is deleted again.
  perform set_config('synchronous_commit', 'off', true);
  delete from sessions s where s.id in (
    select o.id from sessions o
    where o.expires_at <= now() or o.last_seen_at + make_interval(secs => o.idle_timeout_seconds) <= now()
    limit rows_max for update skip locked);
  get diagnostics sessions_deleted = row_count;
  -- Accounts that exist and such that do not are forgotten alike, or their difference would show. What
  -- shuts an account stays, whatever its age (NIST SP 800-63B-4).
  delete from sign_in_budgets b where b.bucket in (
    select o.bucket from sign_in_budgets o
    where o.consecutive < consecutive_max and coalesce(o.blocked_until, now()) <= now()
      and o.window_started_at < now() - case
        when starts_with(o.bucket, 'account:') then interval '90 days' else interval '1 day' end
    limit rows_max for update skip locked);
  get diagnostics sign_in_budgets_deleted = row_count;
  return next;
end
$$;
comment on function delete_expired_data is
  'Deletes at most so many sessions that have expired and so many budgets of failed sign-ins that limit nobody any more.';

-- Rights -------------------------------------------------------------------------------------------

grant usage, create on schema public to tenantry_definer;
do $$
declare
  signature regprocedure;
begin
  for signature in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = 'public'::regnamespace
      and p.proname in ('tighten_session', 'tighten_sessions', 'change_tenant_status', 'update_tenant_limits',
        'erase_due_tenants', 'set_user_status', 'lock_memberships_of', 'erase_user', 'delete_expired_data')
  loop
    execute format('alter function %s owner to tenantry_definer', signature);
    execute format('revoke all on function %s from public', signature);
    execute format('grant execute on function %s to tenantry_app', signature);
    execute format('grant execute on function %s to %I', signature, current_user);
  end loop;
end
$$;
-- Called by triggers only.
revoke execute on function tighten_session, tighten_sessions from tenantry_app;
revoke create on schema public from tenantry_definer;
