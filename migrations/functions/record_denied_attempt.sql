-- Denied attempts of a tenant's own members go into its audit log (decision 044).
create or replace function record_denied_attempt(
  in_tenant uuid, mutation text, message text, request_id text, ip inet
)
returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  in_bucket text := concat_ws(':', 'denied', in_tenant, coalesce(current_api_key_id(), current_user_id()), mutation);
  attempts integer;
begin
  -- enter_scope() lets only active members and their keys into an active tenant. Nobody else writes here.
  if in_tenant is null or in_tenant is distinct from current_tenant_id() then
    return;
  end if;
  insert into sign_in_budgets as b (bucket, failures) values (in_bucket, 1)
    on conflict (bucket) do update set
      failures = case when b.window_started_at > clock_timestamp() - interval '1 hour' then b.failures + 1 else 1 end,
      window_started_at = case when b.window_started_at > clock_timestamp() - interval '1 hour'
        then b.window_started_at else clock_timestamp() end
    returning b.failures into attempts;
  if attempts not in (1, 10, 100, 1000, 10000, 100000) then
    -- What is lost of a count in a crash changes no entry.
    perform set_config('synchronous_commit', 'off', true);
    return;
  end if;
  perform append_audit_event(in_tenant, null, 'access.denied', 'Tenant', in_tenant,
    jsonb_build_object(
      'mutation', jsonb_build_array(null, mutation),
      'attempts', jsonb_build_array(null, attempts),
      'message', jsonb_build_array(null, message)),
    request_id, ip);
end
$$;
comment on function record_denied_attempt is
  'Counts a mutation that a member of the entered tenant, or a key of it, had no permission for, and writes the 1st, 10th, 100th … of an hour, per actor and mutation, into the audit log of the tenant. Nothing for anybody else.';
revoke execute on function record_denied_attempt from public;
grant execute on function record_denied_attempt to tenantry_app;
