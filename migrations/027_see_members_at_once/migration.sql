-- A page of members shows people, and row security looked up for each of them, in the very index that the page had
-- just come from, whether it belongs to the tenant: a quarter of all pages of the statement. The view is the answer to
-- that question. It is seen with the rights of its owner, as the definer functions are, and asks for the scope
-- itself, by the words of the policy of user_tenants.

-- Only who may create it may own it, and whoever migrates may be no superuser.
grant usage, create on schema public to tenantry_definer;
set local role tenantry_definer;

create view tenant_members as
  select
    m.id, m.tenant_id, m.user_id, m.is_active, m.metadata, m.last_sign_in_at, m.joined_at,
    u.email, u.email_verified_at, u.name, u.avatar_url, u.locale, u.status, u.is_platform_admin,
    u.metadata as user_metadata, u.last_sign_in_at as user_last_sign_in_at, u.created_at as user_created_at
  from user_tenants m
  join users u on u.id = m.user_id
  where m.tenant_id = (select current_tenant_id()) or (select is_platform_scope());

comment on view tenant_members is
  'Memberships with their people: those of the tenant that was entered, all in the platform scope.';

-- Before the role is left: only the owner may grant, and whoever migrates does not inherit from it.
grant select on tenant_members to tenantry_app;

reset role;
revoke create on schema public from tenantry_definer;
