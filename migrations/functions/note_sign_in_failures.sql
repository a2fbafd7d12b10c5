create or replace function note_sign_in_failures(count bigint) returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select set_config('synchronous_commit', 'off', true);
  insert into sign_in_failures as f (day, failures) values ((now() at time zone 'UTC')::date, count)
    on conflict (day) do update set failures = f.failures + excluded.failures;
end;
comment on function note_sign_in_failures is
  'Adds to the refused sign-ins of today; losing the last second of this in a crash is harmless.';
revoke execute on function note_sign_in_failures from public;
grant execute on function note_sign_in_failures to tenantry_app;
