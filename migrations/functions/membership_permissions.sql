create or replace function membership_permissions(tenant uuid, membership uuid) returns text[]
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select coalesce(array_agg(distinct p order by p), '{}')
  from membership_roles mr
  join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
  cross join unnest(r.permissions) p
  where mr.tenant_id = tenant and mr.membership_id = membership;
end;
comment on function membership_permissions is
  'All permissions that the roles of a membership give together, sorted.';
revoke execute on function membership_permissions from public;
