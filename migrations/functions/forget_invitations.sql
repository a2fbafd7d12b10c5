create or replace function forget_invitations() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  delete from invitations i where i.email = old.email;
  return null;
end
$$;
comment on function forget_invitations is
  'The e-mail address of a person that is erased stays in no invitation.';
revoke execute on function forget_invitations from public;
