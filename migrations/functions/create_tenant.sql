-- A slug that was made from a name gives way to another one where it is taken. The insert decides that, so it holds
-- for any number of requests at once.
create or replace function create_tenant(
  actor uuid, tenant_id uuid, tenant_slugs text[], tenant_name text, tenant_metadata jsonb
)
returns text
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
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
$$;
comment on function create_tenant is
  'Creates a tenant with the first of these slugs that is free and its built-in roles, makes the actor its owner and returns the slug; the scope of a tenant cannot be entered before somebody belongs to it.';
revoke execute on function create_tenant from public;
grant execute on function create_tenant to tenantry_app;
