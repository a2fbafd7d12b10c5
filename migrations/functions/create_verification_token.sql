create or replace function create_verification_token(
  hash bytea, lifetime_seconds integer, mails_max integer, window_seconds integer, spacing_seconds integer
)
returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  seconds integer := reserve_mail('verification:' || current_user_id(), mails_max, window_seconds, spacing_seconds);
begin
  if seconds = 0 then
    insert into one_time_tokens as t (user_id, purpose, token_hash, email, expires_at)
      select u.id, 'email_verification', hash, u.email, now() + make_interval(secs => lifetime_seconds)
      from users u where u.id = current_user_id()
      on conflict (user_id, purpose) do update
        set token_hash = excluded.token_hash, email = excluded.email,
          created_at = excluded.created_at, expires_at = excluded.expires_at;
  end if;
  return seconds;
end
$$;
comment on function create_verification_token is
  'A token with which the user of the scope proves its address; the one before it is void. 0: made; more: seconds to wait for the next mail.';
revoke execute on function create_verification_token from public;
grant execute on function create_verification_token to tenantry_app;
