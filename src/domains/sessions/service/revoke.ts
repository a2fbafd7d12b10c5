import { authorize } from '../../../core/access.ts';
import { ForbiddenError, InvalidInputError, NotFoundError } from '../../../core/app-error.ts';
import { recordAudit } from '../../../core/audit.ts';
import { type Ctx, findSignedInUnlessOperator, isPlatformAdmin } from '../../../core/context.ts';
import { needs } from '../../../core/permissions.ts';
import { getOwnScope, getPlatformScope, getTenantScope } from '../../../core/scopes.ts';
import type { Db } from '../../../db/database.ts';
import type { Scope } from '../../../db/scope.ts';
import { listMemberships } from '../../memberships/queries.ts';
import { findVisibleUser } from '../../users/service.ts';
import * as queries from '../queries.ts';
import { leaveSession } from './current.ts';
import { endSession } from './end.ts';
import type { SessionRef } from './list.ts';

const endSessions = needs('sessions:revoke');

/**
 * Ends one session: the caller's own, one bound to a tenant with sessions:revoke, any for platform
 * administrators. Raises NotFoundError, ForbiddenError.
 */
export async function revokeSession(ctx: Ctx, ref: SessionRef): Promise<void> {
  const own = findSignedInUnlessOperator(ctx);
  if (own === null) return await revokeAsOperator(ctx, ref);
  const { user, session } = own;
  const whose = isPlatformAdmin(ctx) ? {} : { userId: user.id };
  const wasOwn = await endIn(ctx, getPlatformScope(ctx), { ...ref, ...whose });
  if (wasOwn && ref.id === session.id) leaveSession(ctx);
  if (wasOwn) return;
  const { tenantId } = ref;
  if (tenantId === null) throw createNotFound();
  await authorize(ctx, { id: tenantId }, endSessions, 'session');
  const wasFound = await endIn(ctx, getTenantScope(ctx, tenantId), ref);
  if (!wasFound) throw createNotFound();
}

/** An operator has no trail of its own, so what is no tenant's stands in that of the session's user. */
async function revokeAsOperator(ctx: Ctx, ref: SessionRef): Promise<void> {
  const wasFound = await ctx.db.transaction(getPlatformScope(ctx), async (tx) => {
    const session = await queries.findSession(tx, ref);
    if (session === null) return false;
    const { tenantId, userId: subjectId } = session;
    return await endSession(ctx, tx, ref, { action: 'session.revoked', tenantId, subjectId });
  });
  if (!wasFound) throw createNotFound();
}

function endIn(ctx: Ctx, scope: Scope, session: SessionRef & { userId?: string }) {
  const entry = { action: 'session.revoked', tenantId: session.tenantId } as const;
  return ctx.db.transaction(scope, (tx) => endSession(ctx, tx, session, entry));
}

export type RevokeSessionsInput = {
  userId?: string | null | undefined;
  tenantId?: string | null | undefined;
  includeCurrent?: boolean | null | undefined;
};

/**
 * Ends sessions and answers how many: all of the caller's but this one; with `userId` those of
 * somebody else, by a platform administrator, or by who holds sessions:revoke in `tenantId` those
 * bound to it. Raises NotFoundError, ForbiddenError.
 */
export async function revokeSessions(ctx: Ctx, input: RevokeSessionsInput): Promise<number> {
  const own = findSignedInUnlessOperator(ctx);
  const userId = input.userId ?? own?.user.id;
  if (userId === undefined) throw new InvalidInputError('Name the user.', ['userId']);
  const tenantId = input.tenantId ?? null;
  if (own !== null && userId === own.user.id) {
    const { session } = own;
    const exceptId = input.includeCurrent ? null : session.id;
    const revokedCount = await ctx.db.transaction(getOwnScope(ctx), (tx) =>
      endSessionsOf(ctx, tx, { userId, tenantId, exceptId }),
    );
    const wasCurrent = exceptId === null && (tenantId === null || tenantId === session.tenantId);
    if (wasCurrent) leaveSession(ctx);
    return revokedCount;
  }
  if (isPlatformAdmin(ctx)) {
    if ((await findVisibleUser(ctx, userId)) === null) throw createUserNotFound();
    return await ctx.db.transaction(getPlatformScope(ctx), (tx) =>
      endSessionsOf(ctx, tx, { userId, tenantId }),
    );
  }
  if (tenantId === null) {
    throw new ForbiddenError('Name the tenant whose sessions should end.', ['tenantId']);
  }
  await authorize(ctx, { id: tenantId }, endSessions);
  return await ctx.db.transaction(getTenantScope(ctx, tenantId), async (tx) => {
    const members = await listMemberships(tx, tenantId, { ids: [], userIds: [userId] });
    if (members.length === 0) throw createUserNotFound();
    return await endSessionsOf(ctx, tx, { userId, tenantId });
  });
}

async function endSessionsOf(
  ctx: Ctx,
  tx: Db,
  selection: queries.SessionSelection,
): Promise<number> {
  const count = await queries.deleteSessions(tx, selection);
  if (count === 0) return 0;
  await recordAudit(ctx, tx, {
    action: 'sessions.revoked',
    tenantId: selection.tenantId ?? null,
    subjectId: selection.userId,
    target: { type: 'User', id: selection.userId },
    changes: { count: [count, 0] },
  });
  return count;
}

function createUserNotFound(): NotFoundError {
  return new NotFoundError('There is no such user.');
}

function createNotFound(): NotFoundError {
  return new NotFoundError('There is no such session.');
}
