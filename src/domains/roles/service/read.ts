import { authorize, findAccess } from '../../../core/access/authorize.ts';
import { permission } from '../../../core/access/permissions.ts';
import type { Ctx } from '../../../core/context.ts';
import type { Role } from '../../../core/entities.ts';
import { roleMemberCountLoader, rolesLoader } from '../loaders.ts';

const readRoles = permission('roles:read');
const readMembers = permission('members:read');

/** All roles of a tenant. Needs roles:read. Throws NotFoundError, ForbiddenError. */
export async function listRoles(ctx: Ctx, tenantId: string): Promise<readonly Role[]> {
  await authorize(ctx, { id: tenantId }, readRoles);
  return await rolesLoader(ctx).load(tenantId);
}

/** One role; null where the caller may not read the roles of its tenant. */
export async function findRole(ctx: Ctx, tenantId: string, roleId: string): Promise<Role | null> {
  const access = await findAccess(ctx, { id: tenantId });
  if (!access?.permissions.has(readRoles)) return null;
  const roles = await rolesLoader(ctx).load(tenantId);
  return roles.find(({ id }) => id === roleId) ?? null;
}

/** How many memberships have the role. Needs members:read. */
export async function countRoleMembers(ctx: Ctx, role: Role): Promise<number> {
  await authorize(ctx, { id: role.tenantId }, readMembers);
  return (await roleMemberCountLoader(ctx).load(role)) ?? 0;
}
