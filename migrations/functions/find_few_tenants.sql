create or replace function find_few_tenants(pattern text, is_fuzzy boolean, contains jsonb, few integer) returns uuid[]
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
revoke execute on function find_few_tenants from public;
grant execute on function find_few_tenants to tenantry_definer;
