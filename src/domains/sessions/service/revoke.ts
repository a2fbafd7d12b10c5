import { authorize } from '../../../core/access/authorize.ts';
import { permission } from '../../../core/access/permissions.ts';
import { getOwnScope, getPlatformScope, getTenantScope } from '../../../core/access/scopes.ts';
import { createNotFound, ForbiddenError } from '../../../core/app-error.ts';
import { recordAudit } from '../../../core/audit.ts';
import {
  type Ctx,
  findSignedInUserId,
  getAuthenticated,
  getSignedIn,
  isPlatformAdmin,
  requireRecentSignIn,
} from '../../../core/context.ts';
import type { Db } from '../../../db/database.ts';
import type { Scope } from '../../../db/scope.ts';
import { listMemberships } from '../../memberships/queries.ts';
import { findVisibleUser } from '../../users/service.ts';
import * as queries from '../queries.ts';
import { leaveSession } from './current.ts';
import { endSession } from './end.ts';
import type { SessionRef } from './list.ts';

const endSessions = permission('sessions:revoke');

/**
 * Ends one session: the caller's own, one bound to a tenant where they have sessions:revoke, or any for platform
 * administrators. Another user's session requires a recent sign-in; one's own can be ended at any time.
 * @throws NotFoundError, ForbiddenError
 */
export async function revokeSession(ctx: Ctx, ref: SessionRef): Promise<void> {
  getAuthenticated(ctx);
  if (ctx.principal.kind === 'operator') return await revokeAsOperator(ctx, ref);
  if (await endIfOwn(ctx, ref)) return;
  if (isPlatformAdmin(ctx)) {
    requireRecentSignIn(ctx);
    if (await endInScope(ctx, getPlatformScope(ctx), ref)) return;
  }
  const { tenantId } = ref;
  if (tenantId === null) throw createNotFound('session');
  await authorize(ctx, { id: tenantId }, endSessions, 'session');
  requireRecentSignIn(ctx);
  const wasFound = await endInScope(ctx, getTenantScope(ctx, tenantId), ref);
  if (!wasFound) throw createNotFound('session');
}

/** Ends the session if it is the signed-in user's own, and returns whether it was. */
async function endIfOwn(ctx: Ctx, ref: SessionRef): Promise<boolean> {
  const { principal } = ctx;
  // An API key has no sessions; it must not end those of its creator.
  if (principal.kind !== 'session') return false;
  const wasOwn = await endInScope(ctx, getOwnScope(ctx), { ...ref, userId: principal.user.id });
  if (wasOwn && ref.id === principal.session.id) leaveSession(ctx);
  return wasOwn;
}

/** Operators have no audit log: for a session without a tenant, the entry goes to the log of its user. */
async function revokeAsOperator(ctx: Ctx, ref: SessionRef): Promise<void> {
  const wasFound = await ctx.db.transaction(getPlatformScope(ctx), async (tx) => {
    const session = await queries.findSession(tx, ref);
    if (session === null) return false;
    const { tenantId, userId: subjectId } = session;
    return await endSession(ctx, tx, ref, { action: 'session.revoked', tenantId, subjectId });
  });
  if (!wasFound) throw createNotFound('session');
}

function endInScope(ctx: Ctx, scope: Scope, session: SessionRef & { userId?: string }) {
  const entry = { action: 'session.revoked', tenantId: session.tenantId } as const;
  return ctx.db.transaction(scope, (tx) => endSession(ctx, tx, session, entry));
}

export type RevokeSessionsInput = {
  userId?: string | null | undefined;
  tenantId?: string | null | undefined;
  includeCurrent?: boolean | null | undefined;
};

/**
 * Ends sessions and returns how many: all of the caller's except this one. With `userId` those of another user, after a
 * recent sign-in: for platform administrators, or with sessions:revoke in `tenantId` those bound to it.
 * @throws NotFoundError, ForbiddenError
 */
export async function revokeSessions(ctx: Ctx, input: RevokeSessionsInput): Promise<number> {
  getAuthenticated(ctx);
  const userId = input.userId ?? getSignedIn(ctx).user.id;
  const tenantId = input.tenantId ?? null;
  if (userId === findSignedInUserId(ctx)) return await endOwnSessions(ctx, input);
  if (isPlatformAdmin(ctx)) {
    if ((await findVisibleUser(ctx, userId)) === null) throw createNotFound('user');
    requireRecentSignIn(ctx);
    return await ctx.db.transaction(getPlatformScope(ctx), (tx) =>
      endSessionsOf(ctx, tx, { userId, tenantId }),
    );
  }
  if (tenantId === null) {
    throw new ForbiddenError('Give the tenant whose sessions should end.', ['tenantId']);
  }
  await authorize(ctx, { id: tenantId }, endSessions);
  requireRecentSignIn(ctx);
  return await ctx.db.transaction(getTenantScope(ctx, tenantId), async (tx) => {
    const members = await listMemberships(tx, tenantId, { ids: [], userIds: [userId] });
    if (members.length === 0) throw createNotFound('user');
    return await endSessionsOf(ctx, tx, { userId, tenantId });
  });
}

/** Ends all of the caller's sessions, with or without this one. */
async function endOwnSessions(
  ctx: Ctx,
  { tenantId, includeCurrent }: RevokeSessionsInput,
): Promise<number> {
  const { user, session } = getSignedIn(ctx);
  const exceptId = includeCurrent ? null : session.id;
  const revokedCount = await ctx.db.transaction(getOwnScope(ctx), (tx) =>
    endSessionsOf(ctx, tx, { userId: user.id, tenantId, exceptId }),
  );
  const wasCurrent = exceptId === null && (tenantId == null || tenantId === session.tenantId);
  if (wasCurrent) leaveSession(ctx);
  return revokedCount;
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
