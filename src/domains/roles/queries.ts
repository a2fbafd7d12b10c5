import type { Role } from '../../core/records.ts';
import type { Db } from '../../db/database.ts';
import { Prisma } from '../../db/generated/client.ts';

const roleColumns = Prisma.sql`
  r.id, r.tenant_id as "tenantId", r.key, r.name, r.description,
  r.is_built_in as "isBuiltIn", r.permissions`;

/** The roles of a membership row `m` as one JSON array, in the shape of the record. */
export const rolesOfMembership = Prisma.sql`
  coalesce((
    select jsonb_agg(jsonb_build_object('id', r.id, 'tenantId', r.tenant_id, 'key', r.key,
      'name', r.name, 'description', r.description, 'isBuiltIn', r.is_built_in,
      'permissions', r.permissions) order by r.key)
    from membership_roles mr
    join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
    where mr.tenant_id = m.tenant_id and mr.membership_id = m.id
  ), '[]')`;

/** All roles of a tenant, built-in ones first, then by key. */
export function listRoles(db: Db, tenantId: string): Promise<Role[]> {
  return db.$queryRaw<Role[]>`
    select ${roleColumns} from roles r
    where r.tenant_id = ${tenantId}::uuid
    order by r.is_built_in desc, r.key`;
}

/** How many memberships have each of the roles. */
export function countRoleMembers(
  db: Db,
  tenantId: string,
  roleIds: readonly string[],
): Promise<{ roleId: string; count: number }[]> {
  return db.$queryRaw<{ roleId: string; count: number }[]>`
    select mr.role_id as "roleId", count(*)::int as count from membership_roles mr
    where mr.tenant_id = ${tenantId}::uuid and mr.role_id = any (${roleIds}::uuid[])
    group by mr.role_id`;
}
