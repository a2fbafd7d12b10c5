create or replace function verify_email(hash bytea) returns table (user_id uuid, email text, was_verified boolean)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  proven record;
begin
  select * into proven from take_one_time_token('email_verification', hash);
  if not found then
    return;
  end if;
  -- Read first: what an update returns is how the row is afterwards.
  select u.email_verified_at is not null into was_verified from users u where u.id = proven.user_id;
  update users u set email_verified_at = now(), updated_at = now()
    where u.id = proven.user_id and u.email_verified_at is null;
  perform enter_scope(proven.user_id, null, false);
  user_id := proven.user_id;
  email := proven.email;
  return next;
end
$$;
comment on function verify_email is
  'Uses the token up, marks the address as its user''s, and lets the rest of the transaction act as that user. No row for a token that is not valid.';
revoke execute on function verify_email from public;
grant execute on function verify_email to tenantry_app;
