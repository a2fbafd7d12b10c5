create or replace function postpone_mail(mail uuid, attempt integer, wait_seconds integer, fault text) returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  -- Anyone who has claimed it since decides now.
  update mail_outbox m
    set next_attempt_at = now() + make_interval(secs => wait_seconds), last_fault = fault
    where m.id = mail and m.attempts = attempt;
end;
comment on function postpone_mail is 'Puts a claimed mail back until later, with why.';
revoke execute on function postpone_mail from public;
grant execute on function postpone_mail to tenantry_app;
