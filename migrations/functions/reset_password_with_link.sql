create or replace function reset_password_with_link(hash bytea, new_password_hash text)
returns table (user_id uuid, email text, sessions_ended integer, was_verified boolean)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  proven record;
begin
  select * into proven from take_one_time_token('password_reset', hash);
  if not found then
    return;
  end if;
  -- Password, user, sessions: in the order in which a sign-in locks them, or the two could lock each
  -- other out. A sign-in under way with the old password has opened its session before, or fails after.
  insert into password_credentials as c (user_id, password_hash) values (proven.user_id, new_password_hash)
    on conflict on constraint password_credentials_pkey
    do update set password_hash = excluded.password_hash, changed_at = now();
  -- Read first: what an update returns is how the row is afterwards.
  select u.email_verified_at is not null into was_verified from users u where u.id = proven.user_id for no key update;
  update users u set email_verified_at = now(), updated_at = now()
    where u.id = proven.user_id and u.email_verified_at is null;
  delete from sessions s where s.user_id = proven.user_id or s.impersonator_id = proven.user_id;
  get diagnostics sessions_ended = row_count;
  perform enter_scope(proven.user_id, null, false);
  user_id := proven.user_id;
  email := proven.email;
  return next;
end
$$;
comment on function reset_password_with_link is
  'Uses the token up, sets the password, ends all sessions, also those in the name of others, marks the address as its user''s (the mail came through), says whether it was so before, and lets the rest of the transaction act as that user. No row for a token that is not valid.';
revoke execute on function reset_password_with_link from public;
grant execute on function reset_password_with_link to tenantry_app;
