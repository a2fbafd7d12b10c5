create or replace function revoke_own_invitations()
returns table (id uuid, tenant_id uuid)
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  with revoked as (
    update invitations i set status = 'revoked', token_hash = null, settled_at = now()
    where i.invited_by = current_user_id() and i.status = 'pending'
      and current_api_key_id() is null and current_impersonator_id() is null
    returning i.id, i.tenant_id
  )
  select r.id, r.tenant_id from revoked r order by r.tenant_id, r.id;
end;
comment on function revoke_own_invitations is
  'Revokes all pending invitations that the person of the scope has sent, in whatever tenant; returns them.';
revoke execute on function revoke_own_invitations from public;
grant execute on function revoke_own_invitations to tenantry_app;
