-- Invitations: how people come into a tenant that somebody else owns. Whoever is invited belongs to no
-- tenant yet and can enter no scope but its own, so what it may see and do are definer functions that decide
-- by the verified e-mail address of the current user.

-- Tables -----------------------------------------------------------------------------------------

create table invitations (
  id uuid primary key default uuidv7(),
  tenant_id uuid not null references tenants (id) on delete cascade,
  email text not null,
  status text not null default 'pending',
  token_hash bytea,
  invited_by uuid,
  api_key_id uuid,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  settled_at timestamptz,
  constraint invitations_tenant_id_id_unique unique (tenant_id, id),
  constraint invitations_token_hash_unique unique (token_hash),
  constraint invitations_token_hash_length check (octet_length(token_hash) = 32),
  constraint invitations_email_length check (octet_length(email) between 3 and 254),
  constraint invitations_status_known check (status in ('pending', 'accepted', 'declined', 'revoked')),
  constraint invitations_settled check (
    (status = 'pending') = (token_hash is not null) and (status = 'pending') = (settled_at is null)
  )
);
comment on table invitations is
  'That an e-mail address may join a tenant with certain roles. One that is pending after expires_at has expired.';
comment on column invitations.email is 'Canonical, as in users; whoever accepts must have this very address, verified.';
comment on column invitations.token_hash is
  'SHA-256 of the token in the mailed link; the token itself is never stored. Null once it is settled: a token is good once.';
comment on column invitations.invited_by is
  'Whose rights bound what it gives, when it is accepted too; null for an operator. No foreign key: who is gone has no rights.';
comment on column invitations.api_key_id is 'The key of that person which invited, and bounds it as well; or null.';

create unique index invitations_tenant_id_email_pending on invitations (tenant_id, email) where status = 'pending';
comment on index invitations_tenant_id_email_pending is
  'inviting an address again replaces what is pending; the room that pending invitations take';

create index invitations_email_idx on invitations (email);
comment on index invitations_email_idx is 'viewer.pendingInvitations, accepting and declining; erasing a user';

create index invitations_expires_at_idx on invitations (expires_at);
comment on index invitations_expires_at_idx is 'deleting old ones';

create table invitation_roles (
  tenant_id uuid not null,
  invitation_id uuid not null,
  role_id uuid not null,
  constraint invitation_roles_pkey primary key (tenant_id, invitation_id, role_id),
  constraint invitation_roles_invitation_fkey foreign key (tenant_id, invitation_id)
    references invitations (tenant_id, id) on delete cascade,
  constraint invitation_roles_role_fkey foreign key (tenant_id, role_id)
    references roles (tenant_id, id) on delete cascade
);
comment on table invitation_roles is
  'The roles that an invitation gives. A role that is deleted falls out of it; an invitation that none is left of is refused.';

create index invitation_roles_tenant_id_role_id_idx on invitation_roles (tenant_id, role_id);
comment on index invitation_roles_tenant_id_role_id_idx is 'deleting a role';

alter table invitations enable row level security;
alter table invitations force row level security;
alter table invitation_roles enable row level security;
alter table invitation_roles force row level security;
create policy tenant_scope on invitations to tenantry_app
  using (tenant_id = (select current_tenant_id()) or (select is_platform_scope()))
  with check (tenant_id = (select current_tenant_id()) or (select is_platform_scope()));
create policy tenant_scope on invitation_roles to tenantry_app
  using (tenant_id = (select current_tenant_id()) or (select is_platform_scope()))
  with check (tenant_id = (select current_tenant_id()) or (select is_platform_scope()));
create policy definer on invitations to tenantry_definer using (true) with check (true);
create policy definer on invitation_roles to tenantry_definer using (true) with check (true);

-- What the invited person sees and does ------------------------------------------------------------

create function invitations_of(person uuid) returns setof invitations
language sql stable set search_path = pg_catalog, public, pg_temp
begin atomic
  select i.* from users u join invitations i on i.email = u.email
  where u.id = person and u.status = 'active' and u.email_verified_at is not null
    and i.status = 'pending' and i.expires_at > now();
end;
comment on function invitations_of is
  'Invitations that are good now for the verified e-mail address that this person has now. Sees no more than its caller.';

create function find_invitation_to(person uuid, hash bytea, wanted uuid, wanted_tenant uuid) returns setof invitations
language sql stable set search_path = pg_catalog, public, pg_temp
begin atomic
  select i.* from invitations_of(person) i
  where i.token_hash = hash or (i.id = wanted and i.tenant_id = wanted_tenant);
end;
comment on function find_invitation_to is 'One of them, by the hash of its token or by its id and tenant.';

create function is_backed(invitation invitations, granted text[]) returns boolean
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

create function find_invitation_preview(hash bytea)
returns table (tenant_name text, inviter_name text, expires_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select t.name, u.name, i.expires_at
  from invitations i
  join tenants t on t.id = i.tenant_id and t.status = 'active'
  -- A program has no name that says anything to people.
  left join users u on u.id = i.invited_by and i.api_key_id is null
  where i.token_hash = hash and i.status = 'pending' and i.expires_at > now();
end;
comment on function find_invitation_preview is
  'What the holder of a mailed link may read before signing in; no row for a token that is not good now.';

create function list_own_invitations(rows_max integer)
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

create function accept_invitation(hash bytea, wanted uuid, wanted_tenant uuid)
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
  -- Everybody locks tenants before users, and whoever changes an invitation its tenant: what is read from
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

create function decline_invitation(hash bytea, wanted uuid, wanted_tenant uuid, request_id text, ip inet)
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
    -- The trail of a tenant takes entries of who is in it only, and this person never was.
    perform set_config('tenantry.tenant_id', tenant.id::text, true);
    perform append_audit_event(tenant.id, null, 'invitation.declined', 'Invitation', invitation.id,
      '{"status": ["pending", "declined"]}', request_id, ip);
    perform set_config('tenantry.tenant_id', '', true);
  end if;
  return next;
end
$$;
comment on function decline_invitation is
  'Settles an invitation to the verified e-mail address of the current user, by token or id, and says so in the trail of the tenant; or says why not.';

-- How many mails invitations may cause ---------------------------------------------------------------

create function reserve_invitations(tenant uuid, addresses text[], per_tenant integer, per_address integer)
returns table (address text, wait_seconds integer)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  budget_window interval := interval '1 day';
  whole_bucket text := 'invitations:' || tenant;
  own_bucket text;
  whole sign_in_budgets;
  own sign_in_budgets;
begin
  if tenant is distinct from current_tenant_id() and not is_platform_scope() then
    return;
  end if;
  insert into sign_in_budgets (bucket) values (whole_bucket) on conflict do nothing;
  select b.* into whole from sign_in_budgets b where b.bucket = whole_bucket for update;
  if whole.window_started_at + budget_window <= clock_timestamp() then
    whole.failures := 0;
    whole.window_started_at := clock_timestamp();
  end if;
  foreach address in array addresses loop
    own_bucket := whole_bucket || ':' || encode(sha256(convert_to(address, 'UTF8')), 'hex');
    select b.* into own from sign_in_budgets b
      where b.bucket = own_bucket and b.window_started_at + budget_window > clock_timestamp();
    wait_seconds := case
      when whole.failures >= per_tenant
        then greatest(1, ceil(extract(epoch from whole.window_started_at + budget_window - clock_timestamp())))
      when own.failures >= per_address
        then greatest(1, ceil(extract(epoch from own.window_started_at + budget_window - clock_timestamp())))
      else 0
    end;
    if wait_seconds = 0 then
      whole.failures := whole.failures + 1;
      insert into sign_in_budgets as b (bucket, failures, window_started_at)
        values (own_bucket, coalesce(own.failures, 0) + 1, coalesce(own.window_started_at, clock_timestamp()))
        on conflict (bucket) do update
          set failures = excluded.failures, window_started_at = excluded.window_started_at;
    end if;
    return next;
  end loop;
  update sign_in_budgets b set failures = whole.failures, window_started_at = whole.window_started_at
    where b.bucket = whole_bucket;
end
$$;
comment on function reserve_invitations is
  'Counts a mail to each address against what the tenant may send in a day, and against what it may send to that address: nobody makes a spam relay of it. 0: go ahead; more: seconds to wait. No row outside the tenant''s scope.';
comment on table sign_in_budgets is
  'Failed sign-ins per account and per source, reserved before a password is checked; sign-ups per source; mails of invitations per tenant and per address there. Only definer functions touch it.';
comment on column sign_in_budgets.bucket is
  'account:<SHA-256 of the e-mail address, known or not>, source:<IPv4 address or IPv6 /64 network>, sign-up-source:…, invitations:<tenant>, or invitations:<tenant>:<SHA-256 of the e-mail address>';

-- What has had its time ----------------------------------------------------------------------------

create function delete_old_invitations(rows_max integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  removed integer;
begin
  -- What is lost of this in a crash is deleted again.
  perform set_config('synchronous_commit', 'off', true);
  delete from invitations i where i.id in (
    select o.id from invitations o where o.expires_at < now() - interval '90 days'
    limit rows_max for update skip locked);
  get diagnostics removed = row_count;
  return removed;
end
$$;
comment on function delete_old_invitations is
  'Deletes at most so many invitations whose time was over 90 days ago, settled or not: a tenant keeps no addresses of people who never joined.';

-- A person that is erased takes along what was meant for it --------------------------------------------

create function forget_invitations() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  delete from invitations i where i.email = old.email;
  return null;
end
$$;
comment on function forget_invitations is 'The e-mail address of a person that is erased stays in no invitation.';
create trigger users_forget_invitations after delete on users
  for each row execute function forget_invitations();

-- Rights -------------------------------------------------------------------------------------------

grant usage, create on schema public to tenantry_definer;
do $$
declare
  signature regprocedure;
begin
  for signature in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = 'public'::regnamespace
      and p.proname in ('find_invitation_preview', 'list_own_invitations', 'accept_invitation',
        'decline_invitation', 'reserve_invitations', 'delete_old_invitations', 'forget_invitations')
  loop
    execute format('alter function %s owner to tenantry_definer', signature);
    execute format('revoke all on function %s from public', signature);
    execute format('grant execute on function %s to tenantry_app', signature);
    execute format('grant execute on function %s to %I', signature, current_user);
  end loop;
end
$$;
-- Called by a trigger only.
revoke execute on function forget_invitations from tenantry_app;
revoke create on schema public from tenantry_definer;

grant select, insert, update, delete on invitations, invitation_roles to tenantry_definer;
grant select on invitations to tenantry_app;
grant select, insert, delete on invitation_roles to tenantry_app;
-- Neither tenant nor address of one that exists: it would be handed to somebody else.
grant insert (tenant_id, email, token_hash, invited_by, api_key_id, expires_at) on invitations to tenantry_app;
grant update (status, token_hash, invited_by, api_key_id, expires_at, settled_at) on invitations to tenantry_app;
