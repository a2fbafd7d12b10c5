create or replace function tighten_session() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  lifetimes jsonb;
begin
  select t.settings into lifetimes from tenants t where t.id = new.tenant_id;
  -- least() passes over null, which is what a setting that is absent comes to.
  new.idle_timeout_seconds :=
    least(new.idle_timeout_seconds, (lifetimes ->> 'sessionIdleTimeoutSeconds')::integer);
  new.expires_at := least(new.expires_at,
    new.created_at + make_interval(secs => (lifetimes ->> 'sessionAbsoluteTimeoutSeconds')::integer));
  return new;
end
$$;
comment on function tighten_session is
  'No session bound to a tenant lives longer than the tenant allows, no matter who opens it.';
revoke execute on function tighten_session from public;
