-- Runs with the rights of the caller.
create or replace function find_unused_indexes()
returns table (index_name name, table_name name, bytes bigint, since timestamptz)
language sql stable set search_path = pg_catalog, public, pg_temp
begin atomic
  select u.index_name, u.table_name, u.bytes, statistics_since()
  from index_usage u
  -- What keeps rows unique earns its place by that.
  where u.scans = 0 and not u.is_unique
  order by u.bytes desc;
end;
comment on function find_unused_indexes is
  'Indexes that no statement has used since the statistics began, the largest first; those that keep rows unique are left out. While the statistics are young it lists what is merely not needed yet.';
