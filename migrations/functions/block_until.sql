create or replace function block_until(failures integer, free_failures integer, budget_window interval, before timestamptz)
returns timestamptz
language sql volatile set search_path = pg_catalog, public, pg_temp
begin atomic
  -- 1, 2, 4 … seconds from the last free failure on, at most a whole window.
  select case when failures >= free_failures
    then clock_timestamp() + least(budget_window, make_interval(secs => 2 ^ least(failures - free_failures, 20)))
    else before end;
end;
comment on function block_until is 'Until when an account takes no further attempt after so many failures.';
