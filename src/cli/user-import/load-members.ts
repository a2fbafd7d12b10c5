import type { AuditAction } from '../../core/audit.ts';
import type { Operator } from '../../db/operator.ts';

// The memberships of a batch; its rows are in import_rows (load.ts).

const membersImported: AuditAction = 'members.imported';

/**
 * Finds the tenants and roles of the rows, and marks rows with a missing, forbidden or full tenant or role. Locks the
 * tenants, in a fixed order, so that their capacity is counted correctly.
 */
export async function findTenants(operator: Operator): Promise<void> {
  await operator.query(`
    select from tenants t where t.slug in (select i.tenant_slug from import_rows i)
    order by t.id for no key update`);
  await operator.query(findTenantsSql);
  await operator.query(findCapacitySql);
}

const findTenantsSql = `
  update import_rows i set tenant_id = t.id, role_ids = r.ids,
    field = case
      when t.id is null then 'tenantSlug'
      when t.domains <> '[]' and not t.domains ? split_part(i.email, '@', 2) then 'email'
      when cardinality(r.ids) < jsonb_array_length(r.keys) then 'roleKeys' end,
    fault = case
      when t.id is null then 'names no tenant'
      when t.domains <> '[]' and not t.domains ? split_part(i.email, '@', 2)
        then 'is of no domain that the tenant allows'
      when cardinality(r.ids) < jsonb_array_length(r.keys)
        then 'names a role that the tenant does not have' end
  from import_rows s
  left join (
    select t.id, t.slug, coalesce(t.settings -> 'allowedEmailDomains', '[]') as domains,
      jsonb_build_array(coalesce(t.settings ->> 'defaultRoleKey', 'member')) as default_keys
    from tenants t where t.status <> 'pending_deletion'
  ) t on t.slug = s.tenant_slug
  left join lateral (
    select k.keys, array(
      select r.id from roles r where r.tenant_id = t.id and k.keys ? r.key) as ids
    from (select case s.role_keys when '[]' then t.default_keys else s.role_keys end as keys) k
  ) r on true
  where i.number = s.number and s.tenant_slug is not null`;

/** Existing members and further rows of the same user need no capacity. */
const findCapacitySql = `
  update import_rows i set field = 'tenantSlug',
    fault = format('names a tenant that may have at most %s members', s.members_max)
  from (
    select n.tenant_id, n.email, t.members_max,
      t.member_count + row_number() over (partition by t.id order by n.number) as members
    from (
      select distinct on (tenant_id, email) number, tenant_id, email from import_rows
      where tenant_id is not null and fault is null order by tenant_id, email, number
    ) n
    join tenants t on t.id = n.tenant_id
    where not exists (
      select from users u join user_tenants m on m.user_id = u.id
      where u.email = n.email and m.tenant_id = n.tenant_id)
  ) s
  where i.tenant_id = s.tenant_id and i.email = s.email and s.members > s.members_max`;

/** Adds missing memberships, and records them in the audit log of each tenant. */
export async function addMembers(operator: Operator, runId: string): Promise<void> {
  const added = await operator.query<{ tenantId: string; members: number }>(addMembersSql);
  for (const { tenantId, members } of added) {
    const changes = { members: [null, members], importId: [null, runId] };
    await operator.query(
      `select append_audit_event($1, null, $2, 'Tenant', $1, $3, null, null)::text`,
      [tenantId, membersImported, JSON.stringify(changes)],
    );
  }
}

const addMembersSql = `
  with chosen as materialized (
    select distinct on (tenant_id, user_id) * from import_rows
    where tenant_id is not null and user_id is not null order by tenant_id, user_id, number
  ), made as (
    insert into user_tenants (tenant_id, user_id)
    select tenant_id, user_id from chosen order by tenant_id, number
    on conflict (tenant_id, user_id) do nothing
    returning id, tenant_id, user_id
  ), given as (
    insert into membership_roles (tenant_id, membership_id, role_id)
    select m.tenant_id, m.id, role_id
    from made m join chosen c on c.tenant_id = m.tenant_id and c.user_id = m.user_id
    cross join unnest(c.role_ids) role_id
  ), marked as (
    update import_rows i set is_updated = true
    from made m join chosen c on c.tenant_id = m.tenant_id and c.user_id = m.user_id
    where i.number = c.number
  )
  select tenant_id as "tenantId", count(*)::int as members from made group by 1 order by 1`;
