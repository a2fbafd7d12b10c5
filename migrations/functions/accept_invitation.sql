-- The outcomes become errors in src/domains/invitations/service/settle.ts; test/structure/sql-contract.test.ts compares
-- the words. What is decided when inviting (src/domains/invitations/rules.ts) is decided again here, as things are now.
create or replace function accept_invitation(hash bytea, wanted uuid, wanted_tenant uuid)
returns table (
  outcome text, tenant_id uuid, invitation_id uuid, membership_id uuid, role_keys text[], members_max integer
)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  person uuid := current_user_id();
  invitation invitations;
  tenant tenants;
  former user_tenants;
  granted text[];
begin
  -- Nobody joins a tenant in somebody else's name.
  if current_impersonator_id() is null then
    select i.* into invitation from find_invitation_to(person, hash, wanted, wanted_tenant) i;
  end if;
  if invitation.id is null then
    return query select 'absent', null::uuid, null::uuid, null::uuid, null::text[], null::integer;
    return;
  end if;
  -- Everybody locks tenants before users, and anyone who changes an invitation its tenant: what is read from
  -- here on stays as it is.
  select t.* into tenant from tenants t where t.id = invitation.tenant_id for no key update;
  perform from users u where u.id = person for key share;
  select i.* into invitation from find_invitation_to(person, hash, wanted, wanted_tenant) i;
  select m.* into former from user_tenants m where m.tenant_id = tenant.id and m.user_id = person;
  select array_agg(distinct r.key), coalesce(array_agg(distinct p) filter (where p is not null), '{}')
    into role_keys, granted
    from invitation_roles ir join roles r on r.tenant_id = ir.tenant_id and r.id = ir.role_id
    left join lateral unnest(r.permissions) p on true
    where ir.tenant_id = invitation.tenant_id and ir.invitation_id = invitation.id;
  tenant_id := tenant.id;
  invitation_id := invitation.id;
  members_max := tenant.members_max;
  outcome := case
    when invitation.id is null or tenant.id is null then 'absent'
    when tenant.status <> 'active' then tenant.status
    when former.is_active then 'member'
    when former.id is not null then 'paused'
    when jsonb_array_length(coalesce(tenant.settings -> 'allowedEmailDomains', '[]')) > 0
      and not tenant.settings -> 'allowedEmailDomains' ? split_part(invitation.email, '@', 2) then 'domain'
    when role_keys is null or not is_backed(invitation, granted) then 'unbacked'
    when tenant.member_count >= tenant.members_max then 'full'
    else 'accepted'
  end;
  if outcome = 'accepted' then
    membership_id := uuidv7();
    insert into user_tenants (id, tenant_id, user_id, last_sign_in_at)
      select membership_id, tenant.id, u.id, coalesce(u.last_sign_in_at, 'epoch') from users u where u.id = person;
    insert into membership_roles (tenant_id, membership_id, role_id)
      select ir.tenant_id, accept_invitation.membership_id, ir.role_id from invitation_roles ir
      where ir.tenant_id = invitation.tenant_id and ir.invitation_id = invitation.id;
    update invitations i set status = 'accepted', token_hash = null, settled_at = now() where i.id = invitation.id;
  end if;
  return next;
end
$$;
comment on function accept_invitation is
  'Makes the current user a member by an invitation to its verified e-mail address, by token or id, once; or says why not, with nothing changed. Decides by the rights of who invited, the limits and the settings of this moment.';
revoke execute on function accept_invitation from public;
grant execute on function accept_invitation to tenantry_app;
