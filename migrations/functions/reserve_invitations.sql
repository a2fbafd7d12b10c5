create or replace function reserve_invitations(tenant uuid, addresses text[], per_tenant integer, per_address integer)
returns table (address text, wait_seconds integer)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  budget_window interval := interval '1 day';
  whole_bucket text := 'invitations:' || tenant;
  own_bucket text;
  whole sign_in_budgets;
  own sign_in_budgets;
begin
  if tenant is distinct from current_tenant_id() and not is_platform_scope() then
    return;
  end if;
  insert into sign_in_budgets (bucket) values (whole_bucket) on conflict do nothing;
  select b.* into whole from sign_in_budgets b where b.bucket = whole_bucket for update;
  if whole.window_started_at + budget_window <= clock_timestamp() then
    whole.failures := 0;
    whole.window_started_at := clock_timestamp();
  end if;
  foreach address in array addresses loop
    own_bucket := whole_bucket || ':' || encode(sha256(convert_to(address, 'UTF8')), 'hex');
    select b.* into own from sign_in_budgets b
      where b.bucket = own_bucket and b.window_started_at + budget_window > clock_timestamp();
    wait_seconds := case
      when whole.failures >= per_tenant
        then greatest(1, ceil(extract(epoch from whole.window_started_at + budget_window - clock_timestamp())))
      when own.failures >= per_address
        then greatest(1, ceil(extract(epoch from own.window_started_at + budget_window - clock_timestamp())))
      else 0
    end;
    if wait_seconds = 0 then
      whole.failures := whole.failures + 1;
      insert into sign_in_budgets as b (bucket, failures, window_started_at)
        values (own_bucket, coalesce(own.failures, 0) + 1, coalesce(own.window_started_at, clock_timestamp()))
        on conflict (bucket) do update
          set failures = excluded.failures, window_started_at = excluded.window_started_at;
    end if;
    return next;
  end loop;
  update sign_in_budgets b set failures = whole.failures, window_started_at = whole.window_started_at
    where b.bucket = whole_bucket;
end
$$;
comment on function reserve_invitations is
  'Counts a mail to each address against what the tenant may send in a day, and against what it may send to that address: nobody makes a spam relay of it. 0: go ahead; more: seconds to wait. No row outside the tenant''s scope.';
revoke execute on function reserve_invitations from public;
grant execute on function reserve_invitations to tenantry_app;
