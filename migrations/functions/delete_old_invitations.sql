create or replace function delete_old_invitations(rows_max integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  removed integer;
begin
  -- What is lost of this in a crash is deleted again.
  perform set_config('synchronous_commit', 'off', true);
  delete from invitations i where i.id in (
    select o.id from invitations o where o.expires_at < now() - interval '90 days'
    limit rows_max for update skip locked);
  get diagnostics removed = row_count;
  return removed;
end
$$;
comment on function delete_old_invitations is
  'Deletes at most so many invitations whose time was over 90 days ago, settled or not: a tenant keeps no addresses of people who never joined.';
revoke execute on function delete_old_invitations from public;
grant execute on function delete_old_invitations to tenantry_app;
