import { authorize } from '../../../core/access/authorize.ts';
import { mayManage, requireGrantable } from '../../../core/access/grants.ts';
import { isPermission, permission } from '../../../core/access/permissions.ts';
import { getTenantScope } from '../../../core/access/scopes.ts';
import {
  ConflictError,
  createNotFound,
  ForbiddenError,
  InvalidInputError,
} from '../../../core/app-error.ts';
import { type AuditEntry, listChanges, recordAudit } from '../../../core/audit.ts';
import type { Ctx } from '../../../core/context.ts';
import type { Role } from '../../../core/entities.ts';
import { type IdempotentInput, transactOnce } from '../../../core/idempotency.ts';
import { checkOptionalText, checkText } from '../../../core/input.ts';
import type { Db } from '../../../db/database.ts';
import { DatabaseError, isConstraintViolation } from '../../../db/error-map.ts';
import { trimCode } from '../../../lib/blanks.ts';
import { completeSettings } from '../../tenants/rules.ts';
import { getPolicy, requireCapacity } from '../../tenants/service/settings.ts';
import { rolesLoader } from '../loaders.ts';
import * as queries from '../queries.ts';
import { roleDescriptionMax, roleKeyPattern, roleNameMax } from '../rules.ts';
import { inLockedTenant, lockTenantFor } from './locked-tenant.ts';

const manageRoles = permission('roles:manage');

/** Held by the built-in owner role only: custom roles make no owners. */
const ownersOnly = permission('tenant:own');

export type CreateRoleInput = IdempotentInput & {
  tenantId: string;
  key: string;
  name: string;
  description?: string | null | undefined;
  permissions: readonly string[];
};

/**
 * Creates a role of the tenant's own. Needs roles:manage, and every permission that it is to give.
 * Throws InvalidInputError, NotFoundError, ForbiddenError, ConflictError (key taken),
 * LimitReachedError; InvalidInputError and ConflictError for an idempotency key, see transactOnce().
 */
export async function createRole(ctx: Ctx, input: CreateRoleInput): Promise<Role> {
  const { tenantId } = input;
  const key = trimCode(input.key);
  await authorize(ctx, { id: tenantId }, manageRoles);
  if (!roleKeyPattern.test(key)) {
    throw new InvalidInputError(
      '"key" must start with a letter and have at most 50 characters from a-z, 0-9, _ and -.',
      ['key'],
    );
  }
  const fields = {
    name: checkText('name', input.name, roleNameMax),
    description: checkOptionalText('description', input.description, roleDescriptionMax) ?? null,
  };
  const wanted = checkPermissionNames(input.permissions);
  try {
    const once = { mutation: 'createRole', input, scope: getTenantScope(ctx, tenantId) };
    const created = await transactOnce(ctx, once, async (tx) => {
      const rights = await lockTenantFor(ctx, tx, tenantId, manageRoles);
      await requireCapacity(tx, tenantId, 'customRoles');
      const permissions = checkGrantable(rights, wanted);
      const role = await queries.createRole(tx, tenantId, { key, ...fields, permissions });
      const { name } = fields;
      await recordRole(ctx, tx, role, {
        action: 'role.created',
        changes: { key: [null, key], name: [null, name], permissions: [null, permissions] },
      });
      return role;
    });
    rolesLoader(ctx).clear(tenantId);
    return created;
  } catch (error) {
    if (!isConstraintViolation(error, 'roles_tenant_id_key_unique')) throw error;
    throw new ConflictError('The tenant already has a role with this key.', ['key']);
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
 * more rights than the role gives. Throws InvalidInputError, NotFoundError, ForbiddenError.
 */
export async function updateRole(ctx: Ctx, input: UpdateRoleInput): Promise<Role> {
  const { tenantId } = input.role;
  const name = input.name == null ? null : checkText('name', input.name, roleNameMax);
  const description = checkOptionalText('description', input.description, roleDescriptionMax);
  const wanted = input.permissions == null ? null : checkPermissionNames(input.permissions);
  await authorize(ctx, { id: tenantId }, manageRoles, 'role');
  return await changeRoles(ctx, tenantId, async (tx, rights) => {
    const role = await getManageable(tx, input.role, rights);
    const after = await queries.updateRole(tx, role, {
      name: name ?? role.name,
      description: description === undefined ? role.description : description,
      permissions: wanted === null ? role.permissions : checkGrantable(rights, wanted),
    });
    if (after === null) throw createNotFound('role');
    const changes = listChanges(role, after, ['name', 'description', 'permissions']);
    await recordRole(ctx, tx, role, { action: 'role.updated', changes });
    return after;
  });
}

/**
 * Deletes a role that nobody has, or is to have by default. Needs roles:manage. Throws
 * NotFoundError, ForbiddenError, ConflictError.
 */
export async function deleteRole(ctx: Ctx, ref: RoleRef): Promise<void> {
  await authorize(ctx, { id: ref.tenantId }, manageRoles, 'role');
  try {
    await changeRoles(ctx, ref.tenantId, async (tx, rights) => {
      const role = await getManageable(tx, ref, rights);
      await requireNotDefault(tx, role);
      await queries.deleteRole(tx, role);
      const { key, permissions } = role;
      await recordRole(ctx, tx, role, {
        action: 'role.deleted',
        changes: { key: [key, null], permissions: [permissions, null] },
      });
    });
  } catch (error) {
    if (!(error instanceof DatabaseError && error.kind === 'foreign-key')) throw error;
    throw new ConflictError('Some members still have this role; give them another role first.');
  }
}

/** Held by the tenant's lock, which choosing the default role takes as well. */
async function requireNotDefault(tx: Db, { tenantId, key }: Role): Promise<void> {
  const { settings } = await getPolicy(tx, tenantId);
  if (completeSettings(settings).defaultRoleKey !== key) return;
  throw new ConflictError('New members get this role; choose another default role first.');
}

function recordRole(
  ctx: Ctx,
  tx: Db,
  { id, tenantId }: RoleRef,
  entry: Pick<AuditEntry, 'action' | 'changes'>,
): Promise<void> {
  return recordAudit(ctx, tx, { tenantId, target: { type: 'Role', id }, ...entry });
}

/** Runs a change of a tenant's roles while the tenant is locked, with the caller's permissions then. */
async function changeRoles<T>(
  ctx: Ctx,
  tenantId: string,
  change: (tx: Db, rights: ReadonlySet<string>) => Promise<T>,
): Promise<T> {
  const changed = await inLockedTenant(ctx, tenantId, manageRoles, change);
  rolesLoader(ctx).clear(tenantId);
  return changed;
}

/** The role as it is now, if somebody with these rights may change it. */
async function getManageable(tx: Db, ref: RoleRef, rights: ReadonlySet<string>): Promise<Role> {
  const roles = await queries.listRoles(tx, ref.tenantId);
  const role = roles.find(({ id }) => id === ref.id);
  if (!role) throw createNotFound('role');
  if (role.isBuiltIn) throw new ForbiddenError('Built-in roles cannot be changed.');
  if (!mayManage(rights, role.permissions)) {
    throw new ForbiddenError(
      'This role’s permissions equal or exceed yours; only an owner can change it.',
    );
  }
  return role;
}

/** Throws InvalidInputError for permissions that no role of a tenant's own can give. */
function checkPermissionNames(typed: readonly string[]): readonly string[] {
  const permissions = typed.map(trimCode);
  if (permissions.some((permission) => !isPermission(permission))) {
    throw new InvalidInputError('This permission does not exist.', ['permissions']);
  }
  if (permissions.includes(ownersOnly)) {
    throw new InvalidInputError('Only the built-in owner role can have this permission.', [
      'permissions',
    ]);
  }
  return permissions;
}

/** The permissions a role is to give, sorted. Throws ForbiddenError for what the giver lacks. */
function checkGrantable(rights: ReadonlySet<string>, permissions: readonly string[]): string[] {
  requireGrantable(rights, [{ permissions }]);
  return [...new Set(permissions)].sort();
}
