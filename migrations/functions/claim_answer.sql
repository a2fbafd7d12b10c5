create or replace function claim_answer(in_slot bytea)
returns table (is_claimed boolean, fingerprint bytea, sealed_answer bytea)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  begin
    -- Held until the transaction ends. It lies in no table, so a first try that fails leaves nothing behind;
    -- slots that meet in their first 64 bits merely wait for one another.
    perform pg_advisory_xact_lock(substring(in_slot for 8)::bigint);
  exception when lock_not_available then
    return query select false, null::bytea, null::bytea;
    return;
  end;
  -- A statement of its own, so that it sees what the one before us has committed.
  return query
    select true, k.fingerprint, k.sealed_answer
    from (values (in_slot)) asked (slot)
    left join idempotency_keys k on k.slot = asked.slot and k.expires_at > now();
end
$$;
comment on function claim_answer is
  'Waits, no longer than lock_timeout, until nobody else is at work under this slot, holds it until the transaction ends, and shows what was answered under it in the last 24 hours. Not claimed where the wait was too long.';
revoke execute on function claim_answer from public;
grant execute on function claim_answer to tenantry_app;
