-- Shared by sign_in() and by sessions that are opened otherwise (a sign-up, another tenant). Runs with the rights of
-- the caller, so row security applies.
create or replace function open_session(
  owner uuid, tenant uuid, secret_hash bytea, from_ip inet, from_agent text, from_place text,
  idle_seconds integer, absolute_seconds integer, per_user_max integer, request_id text,
  authenticated_seconds_ago integer, not_after timestamptz
) returns setof sessions
language plpgsql set search_path = pg_catalog, public, pg_temp set enable_seqscan = off
as $$
declare
  opened sessions;
  ended uuid[];
  one uuid;
begin
  insert into sessions as s (user_id, tenant_id, token_hash, ip, user_agent, place, authenticated_at,
      idle_timeout_seconds, expires_at)
    values (owner, tenant, secret_hash, from_ip, from_agent, from_place,
      now() - make_interval(secs => authenticated_seconds_ago), idle_seconds,
      least(now() + make_interval(secs => absolute_seconds), not_after))
    returning s.* into opened;
  with surplus as (
    delete from sessions s where s.user_id = owner and s.id in (
      select o.id from sessions o where o.user_id = owner and o.impersonator_id is null
      order by o.last_seen_at desc, o.id desc offset per_user_max)
    returning s.id
  )
  select coalesce(array_agg(u.id), '{}') into ended from surplus u;
  -- All are ended before the first is recorded: a delete under the lock of an audit log could lock out
  -- another sign-in.
  foreach one in array ended loop
    perform append_audit_event(null, null, 'session.evicted', 'Session', one, '{}', request_id, from_ip);
  end loop;
  return next opened;
end
$$;
comment on function open_session is
  'Opens a session of the current user by the database''s clock, and ends those used longest ago beyond so many, which stands in the person''s own audit log, whatever they were bound to. Those in which somebody else acts in its name are not its own, and left alone.';
revoke execute on function open_session from public;
grant execute on function open_session to tenantry_app;
