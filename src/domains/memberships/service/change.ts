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
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
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
import { requireRoom } from '../../tenants/service/settings.ts';
import { type MembershipRef, membershipLoader } from '../loaders.ts';
import * as queries from '../queries.ts';
import { isOwner, listPermissions } from '../rules.ts';

/** A kind of change of a membership: what it takes, and its word in the audit log. */
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
 * Changes roles, active flag or metadata of a membership. Needs members:update; nobody changes
 * somebody with as many rights (owners excepted), nor gives rights they lack; the last owner stays.
 * Throws NotFoundError, ForbiddenError, InvalidInputError, ConflictError (last owner),
 * LimitReachedError (a pause that ends where there is no room for one more).
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
  return await changeMembership(ctx, input.membership, membershipUpdated, async (tx, change) => {
    if (isActive === false && change.isOwn) {
      throw new InvalidInputError(
        'You cannot pause your own membership; leave the tenant instead.',
        ['isActive'],
      );
    }
    if (roleKeys) {
      const roles = await getGrantableRoles(tx, change, roleKeys);
      await queries.assignRoles(
        tx,
        change.target,
        roles.map(({ id }) => id),
      );
    }
    if (isActive === true && !change.target.isActive) {
      await requireRoom(tx, change.target.tenantId, 'members');
    }
    await queries.updateMembership(tx, change.target, {
      isActive: isActive ?? undefined,
      metadata,
    });
  });
}

/**
 * Ends somebody's membership. Needs members:remove, and more rights than the member has. Throws
 * NotFoundError, ForbiddenError, ConflictError (last owner).
 */
export function removeMember(ctx: Ctx, membership: MembershipRef): Promise<Membership> {
  return changeMembership(ctx, membership, membershipRemoved, (tx, { target }) =>
    queries.deleteMembership(tx, target),
  );
}

/** Ends the caller's own membership. Throws NotFoundError, ConflictError (last owner). */
export async function leaveTenant(ctx: Ctx, tenantId: string): Promise<void> {
  getSignedIn(ctx);
  const access = await findAccess(ctx, { id: tenantId });
  if (!access?.membershipId)
    throw new NotFoundError('This tenant does not exist or is not visible to you.');
  const own = { tenantId, id: access.membershipId };
  await changeMembership(ctx, own, membershipLeft, (tx, { target }) =>
    queries.deleteMembership(tx, target),
  );
}

/** Who changes whom, as it stands while the tenant is locked. */
type Change = { actor: ReadonlySet<string>; target: Membership; isOwn: boolean };

/**
 * Runs a change while the tenant is locked, decided by the rights of actor and target as they are
 * then, and refuses it if it would leave the tenant without an owner.
 */
async function changeMembership(
  ctx: Ctx,
  ref: MembershipRef,
  { permission, action }: ChangeKind,
  change: (tx: Db, change: Change) => Promise<void>,
): Promise<Membership> {
  const { tenantId } = ref;
  if (permission) await authorize(ctx, { id: tenantId }, permission, 'membership');
  const changed = await ctx.db.transaction(getTenantScope(ctx, tenantId), async (tx) => {
    await lockTenant(tx, tenantId);
    const decided = await getChange(ctx, tx, ref);
    if (permission) requirePermission(decided.actor, permission);
    if (!decided.isOwn && !mayManage(decided.actor, listPermissions(decided.target))) {
      throw new ForbiddenError(
        'This member’s permissions equal or exceed yours; only an owner can do this.',
      );
    }
    await change(tx, decided);
    if (isOwner(decided.target) && (await queries.countOwners(tx, tenantId)) === 0) {
      throw new ConflictError('A tenant needs an owner; make someone else an owner first.');
    }
    const [after] = await queries.listMemberships(tx, tenantId, { ids: [ref.id] });
    await recordAudit(ctx, tx, {
      action,
      tenantId,
      target: { type: 'Membership', id: ref.id },
      changes: listMembershipChanges(decided.target, after),
    });
    return after ?? decided.target;
  });
  clearAccess(ctx);
  membershipLoader(ctx).clear(ref);
  return changed;
}

/** Audit changes: roles by their keys, and the user when a membership ends. */
function listMembershipChanges(before: Membership, after: Membership | undefined): Changes {
  const { userId } = before;
  const tell = (membership: Membership) => ({
    ...membership,
    roles: membership.roles.map(({ key }) => key),
  });
  if (after === undefined) return { userId: [userId, null], roles: [tell(before).roles, null] };
  return listChanges(tell(before), tell(after), ['roles', 'isActive', 'metadata']);
}

async function getChange(ctx: Ctx, tx: Db, ref: MembershipRef): Promise<Change> {
  const actorId = findActorId(ctx);
  const memberships = await queries.listMemberships(tx, ref.tenantId, {
    ids: [ref.id],
    userIds: actorId === null ? [] : [actorId],
  });
  const target = memberships.find(({ id }) => id === ref.id);
  const own = memberships.find(({ userId, isActive }) => userId === actorId && isActive);
  if (!target) throw createNotFound();
  const rights = isPlatformAdmin(ctx) ? allPermissions : own ? listPermissions(own) : [];
  const isOwn = target.userId === findSignedInUserId(ctx);
  return { actor: limitToCredential(ctx, rights), target, isOwn };
}

/** The roles with these keys. Throws InvalidInputError for an unknown one, ForbiddenError beyond the actor's rights. */
async function getGrantableRoles(
  tx: Db,
  { actor, target }: Change,
  roleKeys: readonly string[],
): Promise<Role[]> {
  const all = await listRoles(tx, target.tenantId);
  const roles = findRolesByKey(all, roleKeys);
  requireGrantable(actor, roles);
  return roles;
}

function createNotFound(): NotFoundError {
  return new NotFoundError('This membership does not exist or is not visible to you.');
}
