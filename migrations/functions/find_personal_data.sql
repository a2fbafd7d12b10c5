-- No scope shows what lies in several tenants.
create or replace function find_personal_data(subject uuid, rows_max integer) returns json
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  return (select json_build_object(
    'user', (
      select row_to_json(x) from (
        select u.id, u.email, u.email_verified_at as "emailVerifiedAt", u.name,
          u.avatar_url as "avatarUrl", u.locale, u.status,
          u.is_platform_admin as "isPlatformAdmin", u.metadata,
          u.last_sign_in_at as "lastSignInAt", u.created_at as "createdAt", u.updated_at as "updatedAt",
          (select c.changed_at from password_credentials c where c.user_id = u.id) as "passwordChangedAt"
      ) x
    ),
    'memberships', (
      select coalesce(json_agg(x), '[]') from (
        select json_build_object('id', t.id, 'slug', t.slug, 'name', t.name) as tenant,
          (select coalesce(json_agg(json_build_object('key', r.key, 'name', r.name) order by r.key), '[]')
           from membership_roles mr join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
           where mr.tenant_id = m.tenant_id and mr.membership_id = m.id) as roles,
          m.is_active as "isActive", m.metadata, m.joined_at as "joinedAt",
          nullif(m.last_sign_in_at, 'epoch') as "lastSignInAt"
        from user_tenants m join tenants t on t.id = m.tenant_id
        where m.user_id = u.id order by m.id limit rows_max
      ) x
    ),
    'sessions', (
      select coalesce(json_agg(x), '[]') from (
        select s.id, s.tenant_id as "tenantId", host(s.ip) as ip, s.user_agent as "userAgent",
          s.impersonator_id is not null as "isImpersonated", s.created_at as "createdAt",
          s.last_seen_at as "lastSeenAt", s.expires_at as "expiresAt"
        from sessions s where s.user_id = u.id order by s.id desc limit rows_max
      ) x
    ),
    'apiKeys', (
      select coalesce(json_agg(x), '[]') from (
        select k.tenant_id as "tenantId", k.name, k.hint, k.permissions, k.created_at as "createdAt",
          k.expires_at as "expiresAt", k.last_used_at as "lastUsedAt", k.revoked_at as "revokedAt"
        from api_keys k where k.created_by = u.id order by k.id desc limit rows_max
      ) x
    ),
    'auditEvents', (
      select coalesce(json_agg(x), '[]') from (
        select e.at, e.action, e.tenant_id as "tenantId", e.actor_id = u.id as "isOwnDeed",
          e.target_type as "targetType", e.target_id as "targetId",
          -- Before and after of what is a tenant's are the tenant's.
          case when e.tenant_id is null then e.changes end as changes,
          e.request_id as "requestId", host(e.ip) as ip
        from (
          (select o.* from audit_events o
           where o.chain_id = u.id order by o.sequence desc limit rows_max)
          union all
          (select d.* from user_tenants m cross join lateral (
            select a.* from audit_events a
            where a.chain_id = m.tenant_id and a.actor_id = u.id order by a.sequence desc limit rows_max
          ) d
          where m.user_id = u.id)
        ) e
        order by e.at desc, e.id desc limit rows_max
      ) x
    ))
  from users u
  where u.id = subject and (subject = current_user_id() or is_platform_scope()));
end
$$;
comment on function find_personal_data is
  'What is kept about a person, without secrets, at most so many rows of each kind: for itself, or in the platform scope; else null. A table that comes to hold something about a person has its place here and in erase_user().';
revoke execute on function find_personal_data from public;
grant execute on function find_personal_data to tenantry_app;
