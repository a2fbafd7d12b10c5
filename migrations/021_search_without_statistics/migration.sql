-- Row security hides from the planner how common a value is, for every operator that is not leakproof: it takes
-- each condition of a search for one that 1 row in 100 fulfils. So it walked the people in their order until it had
-- a page, and for a rare name that is the whole table, with a comparison of words at each (seconds among 100,000).
-- The search finds out by itself instead: the indexes, which are good at what is rare, are asked first, and what
-- they answer is put in order; only what is found in abundance is met soon enough on the way through all.
--
-- What only resembles the pattern is looked for when nothing contains it: who types a whole address wants that
-- one, not the hundred that look like it.

create function find_few_users(pattern text, is_fuzzy boolean, contains jsonb, few integer) returns uuid[]
language plpgsql stable set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off
set plan_cache_mode = force_custom_plan
as $$
begin
  -- Without three letters or digits in a row an index of trigrams knows nothing.
  if contains is null and pattern !~ '[[:alnum:]]{3}' then
    return null;
  end if;
  return (
    select case when count(*) <= few then coalesce(array_agg(c.id), '{}') end
    from (
      select u.id from users u
      where (pattern is null
          or (not is_fuzzy and u.search_text ilike '%' || pattern || '%')
          or (is_fuzzy and pattern <% u.search_text))
        and (contains is null or u.metadata @> contains)
      limit few + 1
    ) c
  );
end
$$;
comment on function find_few_users is
  'The ids of all users that match, by the indexes of the search alone, or null where there are more than so many.';

create function find_few_tenants(pattern text, is_fuzzy boolean, contains jsonb, few integer) returns uuid[]
language plpgsql stable set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off
set plan_cache_mode = force_custom_plan
as $$
begin
  -- Without three letters or digits in a row an index of trigrams knows nothing.
  if contains is null and pattern !~ '[[:alnum:]]{3}' then
    return null;
  end if;
  return (
    select case when count(*) <= few then coalesce(array_agg(c.id), '{}') end
    from (
      select t.id from tenants t
      where (pattern is null
          or (not is_fuzzy and t.search_text ilike '%' || pattern || '%')
          or (is_fuzzy and pattern <% t.search_text))
        and (contains is null or t.metadata @> contains)
      limit few + 1
    ) c
  );
end
$$;
comment on function find_few_tenants is
  'The ids of all tenants that match, by the indexes of the search alone, or null where there are more than so many.';

revoke all on function find_few_users(text, boolean, jsonb, integer) from public;
revoke all on function find_few_tenants(text, boolean, jsonb, integer) from public;
grant execute on function find_few_users(text, boolean, jsonb, integer) to tenantry_definer;
grant execute on function find_few_tenants(text, boolean, jsonb, integer) to tenantry_definer;

grant usage, create on schema public to tenantry_definer;
set local role tenantry_definer;

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

reset role;
revoke create on schema public from tenantry_definer;
