create or replace function lock_memberships_of(subject uuid)
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
revoke execute on function lock_memberships_of from public;
grant execute on function lock_memberships_of to tenantry_app;
