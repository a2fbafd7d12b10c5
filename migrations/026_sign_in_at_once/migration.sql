-- What a sign-in does once the password has proven right was eight statements in a transaction. Each of them waits
-- for its turn of the event loop, which under load takes longer than the statement, while the transaction holds
-- a connection and its locks. Now it is one statement; a session that is opened otherwise (a sign-up, another
-- tenant) shares the part that is about sessions.
--
-- Both run with the rights of whoever calls them, so row security decides as before.

create function open_session(
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
  -- All are ended before the first is told of: who deletes holding the lock of a trail could lock out
  -- another sign-in.
  foreach one in array ended loop
    perform append_audit_event(null, null, 'session.evicted', 'Session', one, '{}', request_id, from_ip);
  end loop;
  return next opened;
end
$$;

comment on function open_session is
  'Opens a session of the current user by the database''s clock, and ends those used longest ago beyond so many, which stands in the person''s own trail, whatever they were bound to. Those in which somebody else acts in its name are not its own, and left alone.';

create function sign_in(
  owner uuid, tenant uuid, secret_hash bytea, from_ip inet, from_agent text, from_place text,
  idle_seconds integer, absolute_seconds integer, per_user_max integer, request_id text,
  checked_password_hash text, new_password_hash text, account text
) returns table (
  session_id uuid, session_tenant_id uuid, ip text, user_agent text, place text, impersonator_id uuid,
  authenticated_seconds_ago integer, session_created_at timestamptz, last_seen_at timestamptz,
  idle_expires_at timestamptz, expires_at timestamptz,
  user_id uuid, email text, email_verified_at timestamptz, name text, avatar_url text, locale text, status text,
  is_platform_admin boolean, metadata jsonb, last_sign_in_at timestamptz, user_created_at timestamptz
)
language plpgsql set search_path = pg_catalog, public, pg_temp set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  opened sessions;
begin
  -- Held as it was checked until the end, so that nobody gets in with one that was changed meanwhile.
  if new_password_hash is null then
    perform from password_credentials c
      where c.user_id = sign_in.owner and c.password_hash = sign_in.checked_password_hash for share;
  else
    update password_credentials c set password_hash = sign_in.new_password_hash, changed_at = now()
      where c.user_id = sign_in.owner and c.password_hash = sign_in.checked_password_hash;
  end if;
  if not found then
    return;
  end if;
  perform note_sign_in(owner);
  select s.* into opened from open_session(owner, tenant, secret_hash, from_ip, from_agent, from_place,
    idle_seconds, absolute_seconds, per_user_max, request_id, 0, null) s;
  perform append_audit_event(tenant, null, 'session.opened', 'Session', opened.id, '{}', request_id, from_ip);
  return query
    select
      opened.id, opened.tenant_id, host(opened.ip), opened.user_agent, opened.place, opened.impersonator_id,
      seconds_since(opened.authenticated_at),
      opened.created_at, opened.last_seen_at,
      opened.last_seen_at + make_interval(secs => opened.idle_timeout_seconds), opened.expires_at,
      u.id, u.email, u.email_verified_at, u.name, u.avatar_url, u.locale, u.status,
      u.is_platform_admin, u.metadata, u.last_sign_in_at, u.created_at
    from users u where u.id = sign_in.owner;
  if not found then
    raise exception 'whoever signs in must be visible to itself';
  end if;
  -- Last, since everybody behind one address waits for this row until the commit.
  perform release_sign_in(account, from_ip);
end
$$;

comment on function sign_in is
  'All that a sign-in does once the password has proven right, in the scope of its user: takes the new hash if there is one, remembers the sign-in, opens the session, tells the trail and takes the reserved attempt back. No row, and nothing done, where the password is not the one that was checked any more.';

revoke all on function
  open_session(uuid, uuid, bytea, inet, text, text, integer, integer, integer, text, integer, timestamptz) from public;
revoke all on function
  sign_in(uuid, uuid, bytea, inet, text, text, integer, integer, integer, text, text, text, text) from public;
grant execute on function
  open_session(uuid, uuid, bytea, inet, text, text, integer, integer, integer, text, integer, timestamptz) to tenantry_app;
grant execute on function
  sign_in(uuid, uuid, bytea, inet, text, text, integer, integer, integer, text, text, text, text) to tenantry_app;
