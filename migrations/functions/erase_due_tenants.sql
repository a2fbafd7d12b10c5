create or replace function erase_due_tenants(rows_max integer) returns table (tenant_id uuid, is_erased boolean)
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
    -- The audit log takes entries of the tenant that is entered only, and nobody can enter this one any more.
    perform set_config('tenantry.tenant_id', due.id::text, true);
    perform append_audit_event(due.id, null, 'tenant.erased', 'Tenant', due.id,
      jsonb_build_object('slug', jsonb_build_array(due.slug, null)), null, null);
    perform set_config('tenantry.tenant_id', '', true);
  end if;
  return query select due.id, removed < rows_max;
end
$$;
comment on function erase_due_tenants is
  'One step of erasing the tenant that is due longest: at most so many members, and the tenant itself once none is left. No row when nothing is due, by this clock; calls that meet work on different tenants. The audit log stays.';
revoke execute on function erase_due_tenants from public;
grant execute on function erase_due_tenants to tenantry_app;
