import { type Access, authorize } from '../../../core/access.ts';
import {
  ConflictError,
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
} from '../../../core/app-error.ts';
import { type AuditEntry, listChanges, recordAudit } from '../../../core/audit.ts';
import type { Ctx } from '../../../core/context.ts';
import { checkOptionalText, checkText } from '../../../core/input.ts';
import { isPermission, needs } from '../../../core/permissions.ts';
import type { Role } from '../../../core/records.ts';
import { findUngrantable, mayManage } from '../../../core/rights.ts';
import { getTenantScope } from '../../../core/scopes.ts';
import type { Db } from '../../../db/database.ts';
import { DatabaseFault, isBrokenConstraint } from '../../../db/error-map.ts';
import { rolesLoader } from '../loaders.ts';
import * as queries from '../queries.ts';

const manageRoles = needs('roles:manage');

const roleNameMax = 100;
const roleDescriptionMax = 500;
const keyForm = /^[a-z][a-z0-9_-]{0,49}$/;
/** What only the built-in owner role holds: a tenant's ownership is not made of custom roles. */
const ownersOnly = needs('tenant:own');

export type CreateRoleInput = {
  tenantId: string;
  key: string;
  name: string;
  description?: string | null | undefined;
  permissions: readonly string[];
};

/**
 * Creates a role of the tenant's own. Needs roles:manage, and every permission that it is to give.
 * Raises InvalidInputError, NotFoundError, ForbiddenError, ConflictError (key taken).
 */
export async function createRole(ctx: Ctx, input: CreateRoleInput): Promise<Role> {
  const { tenantId, key } = input;
  const access = await authorize(ctx, { id: tenantId }, manageRoles);
  if (!keyForm.test(key)) {
    throw new InvalidInputError(
      '"key" must start with a letter and have at most 50 of a-z, 0-9, _ and -.',
      ['key'],
    );
  }
  const fields = {
    name: checkText('name', input.name, roleNameMax),
    description: checkOptionalText('description', input.description, roleDescriptionMax) ?? null,
    permissions: checkGrantable(access, input.permissions),
  };
  try {
    return await ctx.db.transaction(getTenantScope(ctx, tenantId), async (tx) => {
      const role = await queries.createRole(tx, tenantId, { key, ...fields });
      const { name, permissions } = fields;
      await recordRole(ctx, tx, role, {
        action: 'role.created',
        changes: { key: [null, key], name: [null, name], permissions: [null, permissions] },
      });
      return role;
    });
  } catch (error) {
    if (!isBrokenConstraint(error, 'roles_tenant_id_key_unique')) throw error;
    throw new ConflictError('The tenant has a role with this key already.', ['key']);
  } finally {
    rolesLoader(ctx).clear(tenantId);
  }
}

export type RoleRef = { id: string; tenantId: string };
export type UpdateRoleInput = {
  role: RoleRef;
  name?: string | null | undefined;
  description?: string | null | undefined;
  permissions?: readonly string[] | null | undefined;
};

/**
 * Changes a role of the tenant's own; who has it has the new rights at once. Needs roles:manage and
 * more rights than the role gives. Raises InvalidInputError, NotFoundError, ForbiddenError.
 */
export async function updateRole(ctx: Ctx, input: UpdateRoleInput): Promise<Role> {
  const { access, role } = await getManageable(ctx, input.role);
  const { description } = input;
  const fields = {
    name: input.name == null ? role.name : checkText('name', input.name, roleNameMax),
    description:
      description === undefined
        ? role.description
        : checkOptionalText('description', description, roleDescriptionMax),
    permissions:
      input.permissions == null ? role.permissions : checkGrantable(access, input.permissions),
  };
  const updated = await ctx.db.transaction(getTenantScope(ctx, role.tenantId), async (tx) => {
    const after = await queries.updateRole(tx, role, fields);
    if (after === null) return null;
    const changes = listChanges(role, after, ['name', 'description', 'permissions']);
    await recordRole(ctx, tx, role, { action: 'role.updated', changes });
    return after;
  });
  rolesLoader(ctx).clear(role.tenantId);
  if (updated === null) throw createNotFound();
  return updated;
}

/** Deletes a role that nobody has. Needs roles:manage. Raises NotFoundError, ForbiddenError, ConflictError. */
export async function deleteRole(ctx: Ctx, ref: RoleRef): Promise<void> {
  const { role } = await getManageable(ctx, ref);
  try {
    await ctx.db.transaction(getTenantScope(ctx, role.tenantId), async (tx) => {
      await queries.deleteRole(tx, role);
      const { key, permissions } = role;
      await recordRole(ctx, tx, role, {
        action: 'role.deleted',
        changes: { key: [key, null], permissions: [permissions, null] },
      });
    });
  } catch (error) {
    if (!(error instanceof DatabaseFault && error.kind === 'foreign-key')) throw error;
    throw new ConflictError('Somebody still has this role; give them another one first.');
  }
  rolesLoader(ctx).clear(role.tenantId);
}

function recordRole(
  ctx: Ctx,
  tx: Db,
  { id, tenantId }: RoleRef,
  entry: Pick<AuditEntry, 'action' | 'changes'>,
): Promise<void> {
  return recordAudit(ctx, tx, { tenantId, target: { type: 'Role', id }, ...entry });
}

/** The role, if the caller may change it. */
async function getManageable(ctx: Ctx, ref: RoleRef): Promise<{ access: Access; role: Role }> {
  const { tenantId } = ref;
  const access = await authorize(ctx, { id: tenantId }, manageRoles, 'role');
  const roles = await rolesLoader(ctx).load(tenantId);
  const role = roles.find(({ id }) => id === ref.id);
  if (!role) throw createNotFound();
  if (role.isBuiltIn) throw new ForbiddenError('Built-in roles are the same in every tenant.');
  if (!mayManage(access.permissions, role.permissions)) {
    throw new ForbiddenError('This role gives as many rights as you have.');
  }
  return { access, role };
}

/** The permissions a role is to give, sorted. Raises InvalidInputError, ForbiddenError. */
function checkGrantable(access: Access, permissions: readonly string[]): string[] {
  const unknown = permissions.find((permission) => !isPermission(permission));
  if (unknown !== undefined) {
    throw new InvalidInputError('There is no such permission.', ['permissions']);
  }
  if (permissions.includes(ownersOnly)) {
    throw new InvalidInputError('Only the built-in owner role makes owners.', ['permissions']);
  }
  const missing = findUngrantable(access.permissions, [{ permissions }]);
  if (missing) throw new ForbiddenError(`You cannot give "${missing}", which you do not have.`);
  return [...new Set(permissions)].sort();
}

function createNotFound(): NotFoundError {
  return new NotFoundError('There is no such role.');
}
