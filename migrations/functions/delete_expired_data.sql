create or replace function delete_expired_data(consecutive_max integer, rows_max integer)
returns table (kind text, deleted integer)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  -- What is lost of this in a crash is deleted again.
  perform set_config('synchronous_commit', 'off', true);

  kind := 'sessions';
  delete from sessions s where s.id in (
    select o.id from sessions o
    where o.expires_at <= now() or o.last_seen_at + make_interval(secs => o.idle_timeout_seconds) <= now()
    limit rows_max for update skip locked);
  get diagnostics deleted = row_count;
  return next;

  -- Accounts that exist and such that do not are forgotten alike, or their difference would show. What
  -- shuts an account stays, whatever its age (NIST SP 800-63B-4).
  kind := 'signInBudgets';
  delete from sign_in_budgets b where b.bucket in (
    select o.bucket from sign_in_budgets o
    where o.consecutive < consecutive_max and coalesce(o.blocked_until, now()) <= now()
      and o.window_started_at < now() - case
        when starts_with(o.bucket, 'account:') then interval '90 days' else interval '1 day' end
    limit rows_max for update skip locked);
  get diagnostics deleted = row_count;
  return next;

  kind := 'idempotencyKeys';
  delete from idempotency_keys k where k.slot in (
    select o.slot from idempotency_keys o where o.expires_at <= now()
    order by o.expires_at limit rows_max for update skip locked);
  get diagnostics deleted = row_count;
  return next;

  -- Each person has at most one of each purpose, but an address should not stay there for nothing.
  kind := 'oneTimeTokens';
  delete from one_time_tokens t where (t.user_id, t.purpose) in (
    select o.user_id, o.purpose from one_time_tokens o where o.expires_at <= now()
    limit rows_max for update skip locked);
  get diagnostics deleted = row_count;
  return next;

  kind := 'userActivity';
  delete from user_activity a where (a.day, a.user_id) in (
    select o.day, o.user_id from user_activity o where o.day < (now() at time zone 'UTC')::date - 90
    limit rows_max for update skip locked);
  get diagnostics deleted = row_count;
  return next;
end
$$;
comment on function delete_expired_data is
  'Deletes at most so many rows of each kind that has expired, and tells how many: expired sessions, budgets of failed sign-ins that limit nobody any more, answers that are given no more, links of mails that are good no more, and who was active more than 90 days ago.';
revoke execute on function delete_expired_data from public;
grant execute on function delete_expired_data to tenantry_app;
