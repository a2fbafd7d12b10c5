create or replace function fail_sign_in(
  account text, source inet, holds_session boolean, free_failures integer, window_seconds integer
)
returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  own text := case when holds_session then account || ':session' else account end;
begin
  -- The failure was counted when it began. What is lost of this in a crash counts as failed ten seconds later.
  perform set_config('synchronous_commit', 'off', true);
  update sign_in_budgets b set under_way = greatest(0, b.under_way - 1)
    where b.bucket = coalesce(source_bucket(source), 'source:unknown');
  update sign_in_budgets b set under_way = greatest(0, b.under_way - 1)
    where b.bucket = account and own <> account;
  -- The delay counts from the moment when the failure is known.
  update sign_in_budgets b
    set under_way = greatest(0, b.under_way - 1),
      blocked_until = block_until(b.failures, free_failures, make_interval(secs => window_seconds), b.blocked_until)
    where b.bucket = own;
end
$$;
comment on function fail_sign_in is
  'Settles an attempt whose password was wrong, or that came to nothing otherwise.';
revoke execute on function fail_sign_in from public;
grant execute on function fail_sign_in to tenantry_app;
