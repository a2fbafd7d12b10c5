-- Row security hides from the planner how common a value is, for every operator that is not leakproof: it takes
-- each condition of a search for one that 1 row in 100 fulfils. So it walked the people in their order until it had
-- a page, and for a rare name that is the whole table, with a comparison of words at each (seconds among 100,000).
-- The search finds out by itself instead: the indexes, which are good at what is rare, are asked first, and what
-- they answer is put in order; only what is found in abundance is met soon enough on the way through all.
--
-- What only resembles the pattern is looked for when nothing contains it: who types a whole address wants that
-- one, not the hundred that look like it.
create or replace function find_few_users(pattern text, is_fuzzy boolean, contains jsonb, few integer) returns uuid[]
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
revoke execute on function find_few_users from public;
grant execute on function find_few_users to tenantry_definer;
