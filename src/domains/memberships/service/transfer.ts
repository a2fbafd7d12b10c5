import { authorize, clearAccess } from '../../../core/access/authorize.ts';
import { ownerRoleKey, permission } from '../../../core/access/permissions.ts';
import { getTenantScope } from '../../../core/access/scopes.ts';
import {
  ConflictError,
  createNotFound,
  ForbiddenError,
  InvalidInputError,
} from '../../../core/app-error.ts';
import { recordAudit } from '../../../core/audit.ts';
import { type Ctx, getSignedIn, requireRecentSignIn } from '../../../core/context.ts';
import type { Membership, Role } from '../../../core/entities.ts';
import type { Db } from '../../../db/database.ts';
import { listRoles } from '../../roles/queries.ts';
import { lockTenant } from '../../tenants/queries.ts';
import { listUsersInScope } from '../../users/queries.ts';
import { membershipLoader } from '../loaders.ts';
import * as queries from '../queries.ts';
import { isOwner } from '../rules.ts';

const ownTenant = permission('tenant:own');
const adminRoleKey = 'admin';

export type TransferOwnershipInput = { tenantId: string; toUserId: string };

/**
 * Transfers the caller's ownership to another active member: they become an owner and the caller an admin, in one
 * transaction; other roles stay. Owners only, not platform administrators, after a recent sign-in.
 * @throws NotFoundError for an unknown tenant or member, ForbiddenError, InvalidInputError for the caller themselves,
 * ConflictError for a paused or suspended member
 */
export async function transferOwnership(
  ctx: Ctx,
  input: TransferOwnershipInput,
): Promise<Membership> {
  const { tenantId, toUserId } = input;
  const { user } = getSignedIn(ctx);
  await authorize(ctx, { id: tenantId }, ownTenant);
  requireRecentSignIn(ctx);
  if (toUserId === user.id) {
    throw new InvalidInputError('You already own this tenant.', ['toUserId']);
  }
  const [from, to] = await ctx.db.transaction(getTenantScope(ctx, tenantId), async (tx) => {
    await lockTenant(tx, tenantId);
    const pair = await getPair(tx, tenantId, { fromUserId: user.id, toUserId });
    const roles = await listRoles(tx, tenantId);
    await queries.assignRoles(tx, pair.to, pickRoles(roles, pair.to, { added: ownerRoleKey }));
    await queries.assignRoles(
      tx,
      pair.from,
      pickRoles(roles, pair.from, { added: adminRoleKey, removed: ownerRoleKey }),
    );
    await recordAudit(ctx, tx, {
      action: 'tenant.ownership_transferred',
      tenantId,
      target: { type: 'Tenant', id: tenantId },
      changes: { owner: [user.id, toUserId] },
    });
    const [after] = await queries.listMemberships(tx, tenantId, { ids: [pair.to.id] });
    return [pair.from, after ?? pair.to] as const;
  });
  clearAccess(ctx);
  for (const { id } of [from, to]) membershipLoader(ctx).clear({ id, tenantId });
  return to;
}

/** Returns the memberships of the current and the new owner, read while the tenant is locked. */
async function getPair(
  tx: Db,
  tenantId: string,
  { fromUserId, toUserId }: { fromUserId: string; toUserId: string },
): Promise<{ from: Membership; to: Membership }> {
  const userIds = [fromUserId, toUserId];
  const memberships = await queries.listMemberships(tx, tenantId, { ids: [], userIds });
  const from = memberships.find(({ userId }) => userId === fromUserId);
  const to = memberships.find(({ userId }) => userId === toUserId);
  if (!from || !isOwner(from)) throw new ForbiddenError('Only an owner can transfer ownership.');
  if (!to) throw createNotFound('member');
  const [user] = await listUsersInScope(tx, [toUserId]);
  if (!to.isActive || user?.status !== 'active') {
    throw new ConflictError('This member is paused or suspended and cannot own the tenant.');
  }
  return { from, to };
}

/** Returns the ids of a membership's roles, with one added and optionally one removed. */
function pickRoles(
  roles: readonly Role[],
  membership: Membership,
  { added, removed }: { added: string; removed?: string },
): string[] {
  const keys = new Set([...membership.roles.map(({ key }) => key), added]);
  return roles.filter(({ key }) => keys.has(key) && key !== removed).map(({ id }) => id);
}
