-- For the owner, at psql or from a scheduler there; the server does the same by itself.
create or replace function cleanup_expired_data(rows_max integer default 10000)
returns table (kind text, deleted integer)
language plpgsql volatile set search_path = pg_catalog, public, pg_temp
as $$
begin
  -- What shuts an account until its password is reset is never forgotten; the least failures that may do so in
  -- the settings of a server are 10, and this one is nowhere to be read here.
  return query select d.kind, d.deleted from delete_expired_data(10, rows_max) d;
end
$$;
comment on function cleanup_expired_data is
  'Deletes at most so many rows of each kind that has expired, and tells how many; for the owner. The server does so by itself, and sees to invitations and to tenants that are due.';
revoke execute on function cleanup_expired_data from public;
