create or replace function reserve_sign_up(source inet, sign_ups_max integer, window_seconds integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  moment timestamptz;
  budget_window interval := make_interval(secs => window_seconds);
  s sign_in_budgets;
begin
  insert into sign_in_budgets (bucket) values ('sign-up-' || coalesce(source_bucket(source), 'source:unknown'))
    on conflict do nothing;
  select * into s from sign_in_budgets
    where bucket = 'sign-up-' || coalesce(source_bucket(source), 'source:unknown') for update;
  moment := clock_timestamp();
  if s.window_started_at + budget_window <= moment then
    s.failures := 0;
    s.window_started_at := moment;
  end if;
  if s.failures >= sign_ups_max then
    return greatest(1, ceil(extract(epoch from s.window_started_at + budget_window - moment)));
  end if;
  update sign_in_budgets b set failures = s.failures + 1, window_started_at = s.window_started_at
    where b.bucket = s.bucket;
  return 0;
end
$$;
comment on function reserve_sign_up is
  'Counts a sign-up of a source before its password is hashed: neither hashes nor answers about who has signed up come without end. 0: go ahead; more: seconds to wait.';
revoke execute on function reserve_sign_up from public;
grant execute on function reserve_sign_up to tenantry_app;
