create or replace function find_credentials(sign_in_email text)
returns table (user_id uuid, status text, is_platform_admin boolean, password_hash text)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
  set plan_cache_mode = 'force_generic_plan' set enable_seqscan = off
begin atomic
  select u.id, u.status, u.is_platform_admin, c.password_hash
  from users u join password_credentials c on c.user_id = u.id
  where u.email = sign_in_email;
end;
comment on function find_credentials is
  'Login: the user with this canonical e-mail address and the hash to check.';
revoke execute on function find_credentials from public;
grant execute on function find_credentials to tenantry_app;
