create or replace function touch_sessions(session_ids uuid[]) returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
  set enable_seqscan = off
begin atomic
  select set_config('synchronous_commit', 'off', true);
  with touched as (
    update sessions s set last_seen_at = now() where s.id = any (session_ids) returning s.user_id, s.impersonator_id
  )
  insert into user_activity (day, user_id)
    select distinct (now() at time zone 'UTC')::date, t.user_id from touched t
    where t.impersonator_id is null
    on conflict do nothing;
end;
comment on function touch_sessions is
  'Notes that sessions were just used, and that their users were active today. Losing the last second of this in a crash is harmless, so it does not wait for the disk.';
revoke execute on function touch_sessions from public;
grant execute on function touch_sessions to tenantry_app;
