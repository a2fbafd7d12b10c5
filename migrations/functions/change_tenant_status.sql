-- Decides alone which transition is possible; src/domains/tenants/service/life-cycle.ts has the message for each.
create or replace function change_tenant_status(tenant uuid, transition text, grace_days integer) returns setof tenants
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
revoke execute on function change_tenant_status from public;
grant execute on function change_tenant_status to tenantry_app;
