create or replace function tighten_sessions() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  update sessions s set
      idle_timeout_seconds =
        least(s.idle_timeout_seconds, (new.settings ->> 'sessionIdleTimeoutSeconds')::integer),
      expires_at = least(s.expires_at,
        s.created_at + make_interval(secs => (new.settings ->> 'sessionAbsoluteTimeoutSeconds')::integer))
    where s.tenant_id = new.id;
  return null;
end
$$;
comment on function tighten_sessions is
  'A lifetime that a tenant tightens holds for the sessions that are open already.';
revoke execute on function tighten_sessions from public;
