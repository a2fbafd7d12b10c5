create or replace function reserve_mail(in_bucket text, mails_max integer, window_seconds integer, spacing_seconds integer)
returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  moment timestamptz;
  budget_window interval := make_interval(secs => window_seconds);
  b sign_in_budgets;
begin
  insert into sign_in_budgets (bucket) values (in_bucket) on conflict do nothing;
  select * into b from sign_in_budgets where bucket = in_bucket for update;
  moment := clock_timestamp();
  if b.window_started_at + budget_window <= moment then
    b.failures := 0;
    b.window_started_at := moment;
  end if;
  if b.failures >= mails_max then
    return greatest(1, ceil(extract(epoch from b.window_started_at + budget_window - moment)));
  end if;
  if b.blocked_until > moment then
    return ceil(extract(epoch from b.blocked_until - moment));
  end if;
  update sign_in_budgets s
    set failures = b.failures + 1, window_started_at = b.window_started_at,
      blocked_until = moment + make_interval(secs => spacing_seconds)
    where s.bucket = in_bucket;
  return 0;
end
$$;
comment on function reserve_mail is
  'Counts a mail that somebody asks for, for known and unknown addresses alike. 0: go ahead; more: seconds to wait, and nothing was counted.';
revoke execute on function reserve_mail from public;
grant execute on function reserve_mail to tenantry_app;
