create or replace function find_access(actor uuid, tenant_ids uuid[], slugs text[])
returns table (
  tenant_id uuid, slug text, name text, status text, metadata jsonb, member_count integer,
  created_at timestamptz, deletion_at timestamptz,
  membership_id uuid, permissions text[]
)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
  set plan_cache_mode = 'force_generic_plan' set enable_seqscan = off
begin atomic
  select
    t.id, t.slug, t.name, t.status, t.metadata, t.member_count, t.created_at, t.deletion_at,
    m.id,
    membership_permissions(m.tenant_id, m.id)
  from user_tenants m
  join tenants t on t.id = m.tenant_id
  where m.user_id = actor and m.is_active
    and (m.tenant_id = any (tenant_ids) or m.tenant_id in (select n.id from tenants n where n.slug = any (slugs)));
end;
comment on function find_access is
  'In which of these tenants (by id or slug) the actor is an active member, and what it may do there.';
revoke execute on function find_access from public;
grant execute on function find_access to tenantry_app;
