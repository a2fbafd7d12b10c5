create or replace function remember_answer(in_slot bytea, owner_id uuid, in_fingerprint bytea, answer bytea)
returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  insert into idempotency_keys (slot, user_id, fingerprint, sealed_answer)
    values (in_slot, owner_id, in_fingerprint, answer)
    on conflict (slot) do update set
      user_id = excluded.user_id, fingerprint = excluded.fingerprint,
      sealed_answer = excluded.sealed_answer, expires_at = excluded.expires_at;
end;
comment on function remember_answer is
  'Keeps an answer for 24 hours, in the transaction of what it is about. Only after claim_answer() showed none: what stands in its place then has expired.';
revoke execute on function remember_answer from public;
grant execute on function remember_answer to tenantry_app;
