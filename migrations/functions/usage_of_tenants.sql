create or replace function usage_of_tenants(tenants_max integer)
returns table (tenant_id uuid, slug text, name text, members integer, active_sessions bigint, api_keys bigint, last_activity_at timestamptz)
-- A tenant is taken for large (docs/decisions/034), and reading all sessions for each of them must not look cheaper than asking for
-- those of a thousand people.
language sql stable security definer set search_path = pg_catalog, public, pg_temp set enable_seqscan = off
begin atomic
  select t.id, t.slug, t.name, t.member_count,
    (select count(*) * t.stride
      from (
        select m.user_id, row_number() over () as place from user_tenants m where m.tenant_id = t.id and m.is_active
      ) m
      join sessions s on s.user_id = m.user_id
      where m.place % t.stride = 0 and (s.tenant_id is null or s.tenant_id = t.id)
        and s.expires_at > now() and s.last_seen_at + make_interval(secs => s.idle_timeout_seconds) > now()),
    (select count(*) from api_keys k where k.tenant_id = t.id and k.revoked_at is null and k.expires_at > now()),
    (select max(e.at) from audit_events e
      where e.chain_id = t.id and e.sequence = (select h.sequence from audit_heads h where h.chain_id = t.id))
  from (
    select b.id, b.slug, b.name, b.member_count, greatest(1, b.member_count / 1000) as stride
    from tenants b where may_monitor() order by b.member_count desc, b.id limit tenants_max
  ) t
  order by t.member_count desc, t.id;
end;
comment on function usage_of_tenants is
  'The tenants with most members: how much they have, and when something was last changed in them. Where there are two thousand members and more, their sessions are an estimate by a thousand of them or a few more.';
revoke execute on function usage_of_tenants from public;
grant execute on function usage_of_tenants to tenantry_app;
