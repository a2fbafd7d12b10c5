create or replace function search_users(
  pattern text, contains jsonb, with_status text, above uuid, below uuid, is_descending boolean, page_size integer
)
returns setof users
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
  ids := find_few_users(pattern, is_fuzzy, contains, few);
  if ids = '{}' and pattern is not null
    and (contains is null or find_few_users(pattern, is_fuzzy, null, 0) = '{}')
  then
    is_fuzzy := true;
    ids := find_few_users(pattern, is_fuzzy, contains, few);
  end if;
  if ids is not null then
    return query
      select u.* from users u
      where u.id = any (ids)
        and (with_status is null or u.status = with_status)
        and (above is null or u.id > above) and (below is null or u.id < below)
      order by case when is_descending then u.id end desc, u.id limit page_size;
  elsif is_descending then
    return query
      select u.* from users u
      where (pattern is null
          or (not is_fuzzy and u.search_text ilike '%' || pattern || '%')
          or (is_fuzzy and pattern <% u.search_text))
        and (contains is null or u.metadata @> contains)
        and (with_status is null or u.status = with_status)
        and (above is null or u.id > above) and (below is null or u.id < below)
      order by u.id desc limit page_size;
  else
    return query
      select u.* from users u
      where (pattern is null
          or (not is_fuzzy and u.search_text ilike '%' || pattern || '%')
          or (is_fuzzy and pattern <% u.search_text))
        and (contains is null or u.metadata @> contains)
        and (with_status is null or u.status = with_status)
        and (above is null or u.id > above) and (below is null or u.id < below)
      order by u.id limit page_size;
  end if;
end
$$;
comment on function search_users is
  'Search for platform administrators over e-mail and name, in the order of creation: what contains the pattern, and if nothing does, what resembles it; nothing outside the platform scope.';
revoke execute on function search_users from public;
grant execute on function search_users to tenantry_app;
