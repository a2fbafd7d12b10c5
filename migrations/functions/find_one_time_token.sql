create or replace function find_one_time_token(for_purpose text, hash bytea) returns table (user_id uuid, email text)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select t.user_id, t.email from one_time_tokens t
  join users u on u.id = t.user_id and u.email = t.email and u.status = 'active'
  where t.token_hash = hash and t.purpose = for_purpose and t.expires_at > now();
end;
comment on function find_one_time_token is
  'Whose token this is, while it is good: not used, replaced or expired, for this purpose, of a user who is active and still has the address.';
revoke execute on function find_one_time_token from public;
grant execute on function find_one_time_token to tenantry_app;
