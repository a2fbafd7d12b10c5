-- The same rule when inviting: findUngrantable() in src/core/access/grants.ts.
create or replace function is_backed(invitation invitations, granted text[]) returns boolean
language sql stable set search_path = pg_catalog, public, pg_temp
begin atomic
  select invitation.invited_by is null or exists (
    select from users u
    left join user_tenants m on m.tenant_id = invitation.tenant_id and m.user_id = u.id and m.is_active
    where u.id = invitation.invited_by and u.status = 'active' and case
      when invitation.api_key_id is null and u.is_platform_admin then true
      when m.id is null then false
      else granted || 'members:invite'::text <@ membership_permissions(m.tenant_id, m.id)
    end
  ) and (invitation.api_key_id is null or exists (
    select from api_keys k
    where k.id = invitation.api_key_id and k.tenant_id = invitation.tenant_id
      and k.created_by = invitation.invited_by and k.revoked_at is null and k.expires_at > now()
      and granted || 'members:invite'::text <@ k.permissions
  ));
end;
comment on function is_backed is
  'Whether who invited could still give these permissions: by the rights of a member, of a key and its creator, or of a platform administrator.';
