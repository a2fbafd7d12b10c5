create or replace function list_own_invitations(rows_max integer)
returns table (
  id uuid, tenant_id uuid, email text, invited_by uuid, created_at timestamptz, expires_at timestamptz,
  tenant jsonb, roles jsonb
)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select i.id, i.tenant_id, i.email, i.invited_by, i.created_at, i.expires_at,
    jsonb_build_object('id', t.id, 'slug', t.slug, 'name', t.name, 'status', t.status, 'metadata', '{}'::jsonb,
      'memberCount', 0, 'createdAt', t.created_at, 'deletionAt', null),
    coalesce((
      select jsonb_agg(jsonb_build_object('id', r.id, 'tenantId', r.tenant_id, 'key', r.key, 'name', r.name,
        'description', r.description, 'isBuiltIn', r.is_built_in, 'permissions', r.permissions) order by r.key)
      from invitation_roles ir join roles r on r.tenant_id = ir.tenant_id and r.id = ir.role_id
      where ir.tenant_id = i.tenant_id and ir.invitation_id = i.id
    ), '[]')
  from invitations_of(current_user_id()) i
  join tenants t on t.id = i.tenant_id and t.status = 'active'
  order by i.id desc limit rows_max;
end;
comment on function list_own_invitations is
  'Invitations for the verified e-mail address of the current user, newest first, with the name of the tenant and the roles; nothing else of the tenant, which that person has not joined.';
revoke execute on function list_own_invitations from public;
grant execute on function list_own_invitations to tenantry_app;
