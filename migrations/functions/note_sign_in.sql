create or replace function note_sign_in(actor uuid) returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
  set enable_seqscan = off
begin atomic
  update users u set last_sign_in_at = now() where u.id = actor;
  update user_tenants m set last_sign_in_at = now() where m.user_id = actor and m.is_active;
end;
comment on function note_sign_in is 'Remembers the sign-in on the user and on all of its memberships.';
revoke execute on function note_sign_in from public;
grant execute on function note_sign_in to tenantry_app;
