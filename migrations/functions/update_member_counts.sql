create or replace function update_member_counts() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    update tenants t set member_count = t.member_count + c.members
      from (select tenant_id, count(*)::int as members from changed where is_active group by 1) c
      where t.id = c.tenant_id;
  elsif tg_op = 'DELETE' then
    update tenants t set member_count = t.member_count - c.members
      from (select tenant_id, count(*)::int as members from former where is_active group by 1) c
      where t.id = c.tenant_id;
  else
    update tenants t set member_count = t.member_count + c.members
      from (
        select n.tenant_id, sum(n.is_active::int - o.is_active::int)::int as members
        from changed n join former o using (id) where n.is_active <> o.is_active group by 1
      ) c
      where t.id = c.tenant_id and c.members <> 0;
  end if;
  return null;
end
$$;
comment on function update_member_counts is 'Keeps tenants.member_count, once per statement and not per row.';
revoke execute on function update_member_counts from public;
