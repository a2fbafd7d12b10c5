-- Everything a sign-in does once the password is right, in one statement: eight of them each waited for a turn of
-- the event loop, while the transaction held a connection and its locks. Runs with the rights of the caller, so row
-- security applies. A rehashed password is no change of the password.
create or replace function sign_in(
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
    update password_credentials c set password_hash = sign_in.new_password_hash
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
    raise exception 'a user who signs in must be visible to themselves';
  end if;
  -- Last, since everybody behind one address waits for this row until the commit.
  perform release_sign_in(account, from_ip);
end
$$;
comment on function sign_in is
  'All that a sign-in does once the password has proven right, in the scope of its user: takes the new hash if there is one, remembers the sign-in, opens the session, tells the audit log and takes the reserved attempt back. No row, and nothing done, where the password is not the one that was checked any more.';
revoke execute on function sign_in from public;
grant execute on function sign_in to tenantry_app;
