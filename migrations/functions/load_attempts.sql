create or replace function load_attempts(in_bucket text, budget_window interval)
returns sign_in_budgets
language plpgsql volatile set search_path = pg_catalog, public, pg_temp
as $$
declare
  b sign_in_budgets;
  moment timestamptz;
begin
  insert into sign_in_budgets (bucket) values (in_bucket) on conflict do nothing;
  select * into b from sign_in_budgets where bucket = in_bucket for update;
  moment := clock_timestamp();
  if b.last_begun_at is null or b.last_begun_at + interval '10 seconds' <= moment then
    b.under_way := 0;
  end if;
  if b.window_started_at + budget_window <= moment then
    b.failures := b.under_way;
    b.window_started_at := moment;
  end if;
  return b;
end
$$;
comment on function load_attempts is
  'A budget as it is now, locked until the transaction ends; nothing is written but a new row.';
