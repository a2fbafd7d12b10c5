create or replace function release_sign_in(account text, source inet)
returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  update sign_in_budgets b
    set failures = greatest(0, b.failures - 1), under_way = greatest(0, b.under_way - 1)
    where b.bucket = coalesce(source_bucket(source), 'source:unknown');
  select forget_attempts(account);
end;
comment on function release_sign_in is 'Takes back what a successful sign-in had reserved.';
revoke execute on function release_sign_in from public;
grant execute on function release_sign_in to tenantry_app;
