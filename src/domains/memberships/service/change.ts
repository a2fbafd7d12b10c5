import {
  authorize,
  clearAccess,
  findAccess,
  requirePermission,
} from '../../../core/access/authorize.ts';
import { mayManage, requireGrantable } from '../../../core/access/grants.ts';
import { allPermissions, type Permission, permission } from '../../../core/access/permissions.ts';
import { getTenantScope } from '../../../core/access/scopes.ts';
import {
  ConflictError,
  createNotFound,
  ForbiddenError,
  InvalidInputError,
} from '../../../core/app-error.ts';
import { type AuditAction, type Changes, listChanges, recordAudit } from '../../../core/audit.ts';
import {
  type Ctx,
  findActorId,
  findSignedInUserId,
  getAuthenticated,
  getSignedIn,
  isPlatformAdmin,
  limitToCredential,
} from '../../../core/context.ts';
import type { JsonObject, Membership, Role } from '../../../core/entities.ts';
import { checkMetadata } from '../../../core/input.ts';
import type { Db } from '../../../db/database.ts';
import { listRoles } from '../../roles/queries.ts';
import { findRolesByKey, rolesPerMemberMax } from '../../roles/rules.ts';
import { lockTenant } from '../../tenants/queries.ts';
import { requireCapacity } from '../../tenants/service/settings.ts';
import { type MembershipRef, membershipLoader } from '../loaders.ts';
import * as queries from '../queries.ts';
import { isOwner, listPermissions } from '../rules.ts';

/** A kind of change, with the permission it requires and its audit action. */
type ChangeKind = { permission: Permission | null; action: AuditAction };

const membershipUpdated: ChangeKind = {
  permission: permission('members:update'),
  action: 'membership.updated',
};
const membershipRemoved: ChangeKind = {
  permission: permission('members:remove'),
  action: 'membership.removed',
};
const membershipLeft: ChangeKind = { permission: null, action: 'membership.left' };

export type UpdateMembershipInput = {
  membership: MembershipRef;
  roleKeys?: readonly string[] | null | undefined;
  isActive?: boolean | null | undefined;
  metadata?: JsonObject | null | undefined;
};

/**
 * Changes roles, active flag or metadata of a membership. Requires members:update. Only an owner can change a member
 * whose permissions equal or exceed their own, and nobody can grant permissions that they lack.
 * @throws NotFoundError, ForbiddenError, InvalidInputError, ConflictError for the last owner, LimitReachedError if a
 * pause ends while the tenant is full
 */
export async function updateMembership(
  ctx: Ctx,
  input: UpdateMembershipInput,
): Promise<Membership> {
  getAuthenticated(ctx);
  const { roleKeys, isActive } = input;
  const metadata = input.metadata == null ? undefined : checkMetadata('metadata', input.metadata);
  if (roleKeys && (roleKeys.length === 0 || roleKeys.length > rolesPerMemberMax)) {
    throw new InvalidInputError(`A member must have between 1 and ${rolesPerMemberMax} roles.`, [
      'roleKeys',
    ]);
  }
  return await changeMembership(ctx, input.membership, membershipUpdated, async (tx, context) => {
    if (isActive === false && context.isOwn) {
      throw new InvalidInputError(
        'You cannot pause your own membership; leave the tenant instead.',
        ['isActive'],
      );
    }
    if (roleKeys) {
      const roles = await getGrantableRoles(tx, context, roleKeys);
      await queries.assignRoles(
        tx,
        context.target,
        roles.map(({ id }) => id),
      );
    }
    if (isActive === true && !context.target.isActive) {
      await requireCapacity(tx, context.target.tenantId, 'members');
    }
    await queries.updateMembership(tx, context.target, {
      isActive: isActive ?? undefined,
      metadata,
    });
  });
}

/**
 * Removes a member. Requires members:remove and, except for owners, more permissions than the member has.
 * @throws NotFoundError, ForbiddenError, ConflictError for the last owner
 */
export function removeMember(ctx: Ctx, membership: MembershipRef): Promise<Membership> {
  return changeMembership(ctx, membership, membershipRemoved, (tx, { target }) =>
    queries.deleteMembership(tx, target),
  );
}

/** Ends the caller's own membership. @throws NotFoundError, ConflictError for the last owner */
export async function leaveTenant(ctx: Ctx, tenantId: string): Promise<void> {
  getSignedIn(ctx);
  const access = await findAccess(ctx, { id: tenantId });
  if (!access?.membershipId) throw createNotFound('tenant');
  const own = { tenantId, id: access.membershipId };
  await changeMembership(ctx, own, membershipLeft, (tx, { target }) =>
    queries.deleteMembership(tx, target),
  );
}

/** The actor's permissions and the target, read while the tenant is locked. */
type ChangeContext = { actor: ReadonlySet<string>; target: Membership; isOwn: boolean };

/**
 * Locks the tenant, checks the current permissions of actor and target, and applies and records a change.
 * @throws ConflictError, with nothing changed, if the tenant would have no owner left
 */
async function changeMembership(
  ctx: Ctx,
  ref: MembershipRef,
  { permission, action }: ChangeKind,
  apply: (tx: Db, context: ChangeContext) => Promise<void>,
): Promise<Membership> {
  const { tenantId } = ref;
  if (permission) await authorize(ctx, { id: tenantId }, permission, 'membership');
  const changed = await ctx.db.transaction(getTenantScope(ctx, tenantId), async (tx) => {
    await lockTenant(tx, tenantId);
    const context = await getContext(ctx, tx, ref);
    if (permission) requirePermission(context.actor, permission);
    if (!context.isOwn && !mayManage(context.actor, listPermissions(context.target))) {
      throw new ForbiddenError(
        'This member’s permissions equal or exceed yours; only an owner can do this.',
      );
    }
    await apply(tx, context);
    if (isOwner(context.target) && (await queries.countOwners(tx, tenantId)) === 0) {
      throw new ConflictError('A tenant needs an owner; make someone else an owner first.');
    }
    const [after] = await queries.listMemberships(tx, tenantId, { ids: [ref.id] });
    await recordAudit(ctx, tx, {
      action,
      tenantId,
      target: { type: 'Membership', id: ref.id },
      changes: listMembershipChanges(context.target, after),
    });
    return after ?? context.target;
  });
  clearAccess(ctx);
  membershipLoader(ctx).clear(ref);
  return changed;
}

/** Lists the changes for the audit log: roles by key, and the user if the membership has ended. */
function listMembershipChanges(before: Membership, after: Membership | undefined): Changes {
  const { userId } = before;
  const toAudit = (membership: Membership) => ({
    ...membership,
    roles: membership.roles.map(({ key }) => key),
  });
  if (after === undefined) return { userId: [userId, null], roles: [toAudit(before).roles, null] };
  return listChanges(toAudit(before), toAudit(after), ['roles', 'isActive', 'metadata']);
}

async function getContext(ctx: Ctx, tx: Db, ref: MembershipRef): Promise<ChangeContext> {
  const actorId = findActorId(ctx);
  const memberships = await queries.listMemberships(tx, ref.tenantId, {
    ids: [ref.id],
    userIds: actorId === null ? [] : [actorId],
  });
  const target = memberships.find(({ id }) => id === ref.id);
  const own = memberships.find(({ userId, isActive }) => userId === actorId && isActive);
  if (!target) throw createNotFound('membership');
  const granted = isPlatformAdmin(ctx) ? allPermissions : own ? listPermissions(own) : [];
  const isOwn = target.userId === findSignedInUserId(ctx);
  return { actor: limitToCredential(ctx, granted), target, isOwn };
}

/**
 * Returns the roles with these keys.
 * @throws InvalidInputError for an unknown key, ForbiddenError for a role that grants more than the actor has
 */
async function getGrantableRoles(
  tx: Db,
  { actor, target }: ChangeContext,
  roleKeys: readonly string[],
): Promise<Role[]> {
  const all = await listRoles(tx, target.tenantId);
  const roles = findRolesByKey(all, roleKeys);
  requireGrantable(actor, roles);
  return roles;
}
