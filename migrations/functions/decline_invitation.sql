-- The outcomes become errors in src/domains/invitations/service/settle.ts.
create or replace function decline_invitation(hash bytea, wanted uuid, wanted_tenant uuid, request_id text, ip inet)
returns table (outcome text, invitation_id uuid, tenant_id uuid)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  person uuid := current_user_id();
  invitation invitations;
  tenant tenants;
begin
  if current_impersonator_id() is null then
    select i.* into invitation from find_invitation_to(person, hash, wanted, wanted_tenant) i;
  end if;
  select t.* into tenant from tenants t where t.id = invitation.tenant_id for no key update;
  -- Again, now that nobody else can settle it.
  select i.* into invitation from find_invitation_to(person, hash, wanted, wanted_tenant) i
    where i.tenant_id = tenant.id;
  outcome := case
    when invitation.id is null then 'absent' when tenant.status <> 'active' then tenant.status else 'declined'
  end;
  if outcome = 'declined' then
    invitation_id := invitation.id;
    tenant_id := invitation.tenant_id;
    update invitations i set status = 'declined', token_hash = null, settled_at = now() where i.id = invitation.id;
    -- The audit log of a tenant takes entries of who is in it only, and this person never was.
    perform set_config('tenantry.tenant_id', tenant.id::text, true);
    perform append_audit_event(tenant.id, null, 'invitation.declined', 'Invitation', invitation.id,
      '{"status": ["pending", "declined"]}', request_id, ip);
    perform set_config('tenantry.tenant_id', '', true);
  end if;
  return next;
end
$$;
comment on function decline_invitation is
  'Settles an invitation to the verified e-mail address of the current user, by token or id, and says so in the audit log of the tenant; or says why not.';
revoke execute on function decline_invitation from public;
grant execute on function decline_invitation to tenantry_app;
