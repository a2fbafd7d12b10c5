import { createAnonymous } from '../../../core/access/principal.ts';
import { getOwnScope, getPlatformScope } from '../../../core/access/scopes.ts';
import { ConflictError, ForbiddenError, NotFoundError } from '../../../core/app-error.ts';
import { recordAudit } from '../../../core/audit.ts';
import {
  becomePrincipal,
  type Ctx,
  findSignedInUnlessOperator,
  isPlatformAdmin,
  requireRecentSignIn,
} from '../../../core/context.ts';
import type { Db } from '../../../db/database.ts';
import * as queries from '../queries/life-cycle.ts';
import { checkReason, type UserIdInput } from './suspend.ts';

/**
 * Removes a person for good: profile, password, memberships and sessions, all or nothing. The audit log
 * keeps the id alone. By the user themselves, in a session that is not bound to a tenant, or by a
 * platform administrator, with a recent sign-in; never while a tenant has no other owner. Throws ForbiddenError,
 * NotFoundError, ConflictError, InvalidInputError.
 */
export async function eraseUser(ctx: Ctx, input: UserIdInput): Promise<void> {
  const own = findSignedInUnlessOperator(ctx);
  const { userId } = input;
  const reason = checkReason(input);
  const isOwn = userId === own?.user.id;
  if (!isOwn && !isPlatformAdmin(ctx)) {
    throw new ForbiddenError('Only the user themselves or a platform administrator can do this.');
  }
  if (isOwn && own?.session.tenantId !== null) {
    throw new ForbiddenError('This session is bound to one tenant and cannot erase its user.');
  }
  requireRecentSignIn(ctx);
  const scope = isOwn ? getOwnScope(ctx) : getPlatformScope(ctx);
  await ctx.db.transaction(scope, async (tx) => {
    const memberships = await queries.lockMembershipsOf(tx, userId);
    const orphans = memberships.filter(({ isLastOwner }) => isLastOwner);
    if (orphans.length > 0) throw createConflict(orphans);
    // Before its end: the audit log of a tenant takes entries by its own people only.
    await recordEndedMemberships(ctx, tx, userId, memberships);
    await recordAudit(ctx, tx, {
      action: 'user.erased',
      tenantId: null,
      subjectId: userId,
      target: { type: 'User', id: userId },
      changes: {
        memberships: [memberships.length, 0],
        ...(reason === null ? {} : { reason: [null, reason] }),
      },
    });
    const isErased = await queries.eraseUser(tx, userId);
    if (!isErased) throw new NotFoundError('This user does not exist or is not visible to you.');
  });
  if (isOwn) {
    becomePrincipal(ctx, createAnonymous());
    ctx.sessionKeeper?.forget();
  }
}

/** Each tenant learns from its own audit log that it lost a member. */
async function recordEndedMemberships(
  ctx: Ctx,
  tx: Db,
  userId: string,
  memberships: readonly queries.EndingMembership[],
): Promise<void> {
  for (const { id, tenantId, roleKeys } of memberships) {
    await recordAudit(ctx, tx, {
      action: 'membership.removed',
      tenantId,
      target: { type: 'Membership', id },
      changes: { userId: [userId, null], roles: [roleKeys, null] },
    });
  }
}

const slugsShownMax = 5;

function createConflict(orphans: readonly queries.EndingMembership[]): ConflictError {
  const shown = orphans.slice(0, slugsShownMax).map(({ slug }) => `"${slug}"`);
  const more = orphans.length > slugsShownMax ? ` and ${orphans.length - slugsShownMax} more` : '';
  return new ConflictError(
    `This user is the last owner of ${shown.join(', ')}${more}; make someone else an owner first.`,
  );
}
