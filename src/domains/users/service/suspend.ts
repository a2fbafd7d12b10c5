import { getPlatformScope } from '../../../core/access/scopes.ts';
import { ConflictError, createNotFound } from '../../../core/app-error.ts';
import { recordAudit } from '../../../core/audit.ts';
import {
  type Ctx,
  findSignedInUnlessOperator,
  requirePlatformAdmin,
} from '../../../core/context.ts';
import type { User, UserStatus } from '../../../core/entities.ts';
import { checkOptionalText } from '../../../core/input.ts';
import { userLoader } from '../loaders.ts';
import { deleteSessionsOf, updateUserStatus } from '../queries/life-cycle.ts';
import { findVisibleUser } from '../service.ts';

/** Maximum length of a reason, in code points. */
const reasonMax = 500;

export type UserIdInput = { userId: string; reason?: string | null | undefined };

/**
 * Ends all sessions of a user and prevents sign-ins until they are reinstated. Platform administrators only.
 * @throws ForbiddenError, NotFoundError, ConflictError for the caller themselves, InvalidInputError
 */
export async function suspendUser(ctx: Ctx, input: UserIdInput): Promise<User> {
  const reason = checkReason(input);
  requirePlatformAdmin(ctx);
  if (input.userId === findSignedInUnlessOperator(ctx)?.user.id) {
    throw new ConflictError('You cannot suspend yourself.');
  }
  return await changeStatus(ctx, input.userId, { status: 'suspended', reason });
}

/**
 * Lets a suspended user sign in again. Platform administrators only.
 * @throws ForbiddenError, NotFoundError, InvalidInputError
 */
export async function reinstateUser(ctx: Ctx, input: UserIdInput): Promise<User> {
  const reason = checkReason(input);
  requirePlatformAdmin(ctx);
  return await changeStatus(ctx, input.userId, { status: 'active', reason });
}

/** Returns the reason for the audit log, or null. @throws InvalidInputError */
export function checkReason({ reason }: UserIdInput): string | null {
  return checkOptionalText('reason', reason, reasonMax) ?? null;
}

/** Changes the status of a user; does nothing if they already have it. */
async function changeStatus(
  ctx: Ctx,
  userId: string,
  { status, reason }: { status: UserStatus; reason: string | null },
): Promise<User> {
  const user = await findVisibleUser(ctx, userId);
  if (user === null) throw createNotFound('user');
  await ctx.db.transaction(getPlatformScope(ctx), async (tx) => {
    const isChanged = await updateUserStatus(tx, userId, status);
    if (!isChanged) return;
    const sessions = status === 'suspended' ? await deleteSessionsOf(tx, userId) : 0;
    await recordAudit(ctx, tx, {
      action: status === 'suspended' ? 'user.suspended' : 'user.reinstated',
      tenantId: null,
      subjectId: userId,
      target: { type: 'User', id: userId },
      changes: {
        status: [user.status, status],
        ...(sessions > 0 ? { sessions: [sessions, 0] } : {}),
        ...(reason === null ? {} : { reason: [null, reason] }),
      },
    });
  });
  userLoader(ctx).clear(userId);
  return { ...user, status };
}
