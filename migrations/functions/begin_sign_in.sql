create or replace function begin_sign_in(
  account text, source inet, holds_session boolean,
  free_failures integer, consecutive_max integer, source_failures_max integer, window_seconds integer
)
returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  wait_for_others constant integer := -2;
  shut constant integer := -1;
  budget_window interval := make_interval(secs => window_seconds);
  moment timestamptz;
  s sign_in_budgets;
  a sign_in_budgets;
  o sign_in_budgets;
begin
  -- Everybody locks the source first and the account second, so nobody waits in a circle; and a source
  -- that has used up its budget makes no rows for accounts it invents.
  s := load_attempts(coalesce(source_bucket(source), 'source:unknown'), budget_window);
  if s.failures >= source_failures_max then
    if s.failures - s.under_way < source_failures_max then
      return wait_for_others;
    end if;
    return greatest(1, ceil(extract(epoch from s.window_started_at + budget_window - clock_timestamp())));
  end if;
  a := load_attempts(account, budget_window);
  if a.consecutive >= consecutive_max then
    return case when a.consecutive - a.under_way < consecutive_max then wait_for_others else shut end;
  end if;
  -- Anyone who holds a session of the account has delays of its own, which strangers cannot bring about.
  o := case when holds_session then load_attempts(account || ':session', budget_window) else a end;
  moment := clock_timestamp();
  -- Beyond the free failures one at a time: what is under way decides about the next.
  if o.failures >= free_failures and o.under_way > 0 then
    return wait_for_others;
  end if;
  if o.blocked_until > moment then
    return ceil(extract(epoch from o.blocked_until - moment));
  end if;
  update sign_in_budgets b
    set failures = o.failures + 1, under_way = o.under_way + 1, last_begun_at = moment,
      window_started_at = o.window_started_at,
      blocked_until = block_until(o.failures + 1, free_failures, budget_window, o.blocked_until)
    where b.bucket = o.bucket;
  update sign_in_budgets b
    set consecutive = a.consecutive + 1,
      under_way = a.under_way + 1, last_begun_at = moment
    where b.bucket = a.bucket;
  update sign_in_budgets b
    set failures = s.failures + 1, under_way = s.under_way + 1, last_begun_at = moment,
      window_started_at = s.window_started_at
    where b.bucket = s.bucket;
  return 0;
end
$$;
comment on function begin_sign_in is
  'Counts an attempt to prove a password as failed, before it is checked. 0: go ahead, then settle it by release_sign_in() or fail_sign_in(); more: seconds to wait; -1: the account is shut until a reset; -2: attempts under way decide, ask again in a moment.';
revoke execute on function begin_sign_in from public;
grant execute on function begin_sign_in to tenantry_app;
