create or replace function find_invitation_to(person uuid, hash bytea, wanted uuid, wanted_tenant uuid) returns setof invitations
language sql stable set search_path = pg_catalog, public, pg_temp
begin atomic
  select i.* from invitations_of(person) i
  where i.token_hash = hash or (i.id = wanted and i.tenant_id = wanted_tenant);
end;
comment on function find_invitation_to is 'One of them, by the hash of its token or by its id and tenant.';
