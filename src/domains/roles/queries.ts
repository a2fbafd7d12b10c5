import type { Role } from '../../core/entities.ts';
import type { Db } from '../../db/database.ts';
import { Prisma } from '../../db/generated/client.ts';

const roleColumns = Prisma.sql`
  r.id, r.tenant_id as "tenantId", r.key, r.name, r.description,
  r.is_built_in as "isBuiltIn", r.permissions`;

/** Roles `r` as one JSON array, in the shape of the record and the order of their keys. */
export const rolesAsJson = Prisma.sql`
  json_agg(json_build_object('id', r.id, 'tenantId', r.tenant_id, 'key', r.key,
    'name', r.name, 'description', r.description, 'isBuiltIn', r.is_built_in,
    'permissions', r.permissions) order by r.key)`;

/** The roles of a membership row `m`, as JSON. */
export const rolesOfMembership = Prisma.sql`
  coalesce((
    select ${rolesAsJson}
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

/** A user's permissions in a tenant, read in the transaction that depends on them. */
export async function listRightsOf(
  tx: Db,
  tenantId: string,
  userId: string | null,
): Promise<string[]> {
  const [row] = await tx.$queryRaw<[{ rights: string[] }]>`
    select coalesce(array_agg(distinct p), '{}') as rights
    from user_tenants m
    join membership_roles mr on mr.tenant_id = m.tenant_id and mr.membership_id = m.id
    join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
    cross join unnest(r.permissions) p
    where m.tenant_id = ${tenantId}::uuid and m.user_id = ${userId}::uuid and m.is_active`;
  return row.rights;
}

/** Values of a custom role. */
export type RoleFields = {
  name: string;
  description: string | null;
  permissions: readonly string[];
};

export async function createRole(
  tx: Db,
  tenantId: string,
  role: RoleFields & { key: string },
): Promise<Role> {
  const [created] = await tx.$queryRaw<[Role]>`
    insert into roles as r (tenant_id, key, name, description, permissions)
    values (${tenantId}::uuid, ${role.key}, ${role.name}, ${role.description},
      ${role.permissions}::text[])
    returning ${roleColumns}`;
  return created;
}

export async function updateRole(
  tx: Db,
  { id, tenantId }: Pick<Role, 'id' | 'tenantId'>,
  role: RoleFields,
): Promise<Role | null> {
  const [updated] = await tx.$queryRaw<Role[]>`
    update roles r set name = ${role.name}, description = ${role.description},
      permissions = ${role.permissions}::text[], updated_at = now()
    where r.tenant_id = ${tenantId}::uuid and r.id = ${id}::uuid and not r.is_built_in
    returning ${roleColumns}`;
  return updated ?? null;
}

export async function deleteRole(
  tx: Db,
  { id, tenantId }: Pick<Role, 'id' | 'tenantId'>,
): Promise<void> {
  await tx.role.deleteMany({ where: { tenantId, id, isBuiltIn: false } });
}

/** Whose roles, where. */
export type UserInTenant = { userId: string; tenantId: string };

/** The roles that a user has in a tenant, as far as the actor may know them. */
export type RolesOfUser = UserInTenant & {
  tenantStatus: string;
  roles: { key: string; permissions: string[] }[];
};

/** The roles of many users in many tenants, in one statement. */
export function listRolesOfUsers(
  db: Db,
  actorId: string | null,
  pairs: readonly UserInTenant[],
): Promise<RolesOfUser[]> {
  return db.$queryRaw<RolesOfUser[]>`
    select user_id as "userId", tenant_id as "tenantId", tenant_status as "tenantStatus", roles
    from list_roles_of_users(${actorId}::uuid, ${pairs.map(({ userId }) => userId)}::uuid[],
      ${pairs.map(({ tenantId }) => tenantId)}::uuid[])`;
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
