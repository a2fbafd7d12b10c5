create or replace function search_tenants(
  pattern text, contains jsonb, with_status text, above uuid, below uuid, is_descending boolean, page_size integer
)
returns setof tenants
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  few constant integer := 5000;
  is_fuzzy boolean := false;
  ids uuid[];
begin
  if not is_platform_scope() then
    return;
  end if;
  ids := find_few_tenants(pattern, is_fuzzy, contains, few);
  if ids = '{}' and pattern is not null
    and (contains is null or find_few_tenants(pattern, is_fuzzy, null, 0) = '{}')
  then
    is_fuzzy := true;
    ids := find_few_tenants(pattern, is_fuzzy, contains, few);
  end if;
  if ids is not null then
    return query
      select t.* from tenants t
      where t.id = any (ids)
        and (with_status is null or t.status = with_status)
        and (above is null or t.id > above) and (below is null or t.id < below)
      order by case when is_descending then t.id end desc, t.id limit page_size;
  elsif is_descending then
    return query
      select t.* from tenants t
      where (pattern is null
          or (not is_fuzzy and t.search_text ilike '%' || pattern || '%')
          or (is_fuzzy and pattern <% t.search_text))
        and (contains is null or t.metadata @> contains)
        and (with_status is null or t.status = with_status)
        and (above is null or t.id > above) and (below is null or t.id < below)
      order by t.id desc limit page_size;
  else
    return query
      select t.* from tenants t
      where (pattern is null
          or (not is_fuzzy and t.search_text ilike '%' || pattern || '%')
          or (is_fuzzy and pattern <% t.search_text))
        and (contains is null or t.metadata @> contains)
        and (with_status is null or t.status = with_status)
        and (above is null or t.id > above) and (below is null or t.id < below)
      order by t.id limit page_size;
  end if;
end
$$;
comment on function search_tenants is
  'Search for platform administrators over slug and name, in the order of creation: what contains the pattern, and if nothing does, what resembles it; nothing outside the platform scope.';
revoke execute on function search_tenants from public;
grant execute on function search_tenants to tenantry_app;
