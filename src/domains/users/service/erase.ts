import { createAnonymous } from '../../../core/access/principal.ts';
import { getOwnScope, getPlatformScope } from '../../../core/access/scopes.ts';
import { ConflictError, createNotFound, ForbiddenError } from '../../../core/app-error.ts';
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
 * Erases a user permanently, with profile, password, memberships and sessions; the audit log keeps only the id. For the
 * user themselves, in a session that is not bound to a tenant, or a platform administrator, after a recent sign-in. The
 * last owner of a tenant cannot be erased.
 * @throws ForbiddenError, NotFoundError, ConflictError for a last owner, InvalidInputError
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
    const lastOwnerships = memberships.filter(({ isLastOwner }) => isLastOwner);
    if (lastOwnerships.length > 0) throw createConflict(lastOwnerships);
    // Before the erasure: a tenant's audit log accepts entries only by its current members.
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
    if (!isErased) throw createNotFound('user');
  });
  if (isOwn) {
    becomePrincipal(ctx, createAnonymous());
    ctx.sessionKeeper?.forget();
  }
}

/** Records the end of each membership in the audit log of its tenant. */
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

function createConflict(lastOwnerships: readonly queries.EndingMembership[]): ConflictError {
  const shown = lastOwnerships.slice(0, slugsShownMax).map(({ slug }) => `"${slug}"`);
  const more =
    lastOwnerships.length > slugsShownMax
      ? ` and ${lastOwnerships.length - slugsShownMax} more`
      : '';
  return new ConflictError(
    `This user is the last owner of ${shown.join(', ')}${more}; make someone else an owner first.`,
  );
}
