create or replace function claim_mails(rows_max integer, lease_seconds integer)
returns table (id uuid, recipient text, sealed_message bytea, attempts integer, created_at timestamptz, age_seconds integer)
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  update mail_outbox m
    set attempts = m.attempts + 1, next_attempt_at = now() + make_interval(secs => lease_seconds)
    where m.id in (
      select o.id from mail_outbox o
      where not o.is_for_inbox and o.next_attempt_at <= now()
      order by o.next_attempt_at limit rows_max for update skip locked)
    returning m.id, m.recipient, m.sealed_message, m.attempts, m.created_at,
      extract(epoch from now() - m.created_at)::integer;
end;
comment on function claim_mails is
  'Mails that are due, for this caller alone until its lease ends: processes that ask at once get different ones, and those of a process that died come back.';
revoke execute on function claim_mails from public;
grant execute on function claim_mails to tenantry_app;
