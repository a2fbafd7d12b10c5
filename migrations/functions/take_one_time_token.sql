create or replace function take_one_time_token(for_purpose text, hash bytea) returns table (user_id uuid, email text)
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  -- Of many who come at once, the first to delete the row has it; the others find none.
  delete from one_time_tokens t using users u
    where t.token_hash = hash and t.purpose = for_purpose and t.expires_at > now()
      and u.id = t.user_id and u.email = t.email and u.status = 'active'
    returning t.user_id, t.email;
end;
comment on function take_one_time_token is 'The same, and uses it up; for the functions that act on it.';
revoke execute on function take_one_time_token from public;
