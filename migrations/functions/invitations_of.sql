create or replace function invitations_of(person uuid) returns setof invitations
language sql stable set search_path = pg_catalog, public, pg_temp
begin atomic
  select i.* from users u join invitations i on i.email = u.email
  where u.id = person and u.status = 'active' and u.email_verified_at is not null
    and i.status = 'pending' and i.expires_at > now();
end;
comment on function invitations_of is
  'Invitations that are good now for the verified e-mail address that this person has now. Sees no more than its caller.';
