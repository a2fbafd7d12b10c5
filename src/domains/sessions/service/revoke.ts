import { authorize } from '../../../core/access/authorize.ts';
import { permission } from '../../../core/access/permissions.ts';
import { getOwnScope, getPlatformScope, getTenantScope } from '../../../core/access/scopes.ts';
import { ForbiddenError, NotFoundError } from '../../../core/app-error.ts';
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
 * Ends one session: the caller's own, one bound to a tenant with sessions:revoke, any for platform
 * administrators. Somebody else's takes a recent sign-in; one's own must be easy to end at any time.
 * Throws NotFoundError, ForbiddenError.
 */
export async function revokeSession(ctx: Ctx, ref: SessionRef): Promise<void> {
  getAuthenticated(ctx);
  if (ctx.principal.kind === 'operator') return await revokeAsOperator(ctx, ref);
  if (await endOwn(ctx, ref)) return;
  if (isPlatformAdmin(ctx)) {
    requireRecentSignIn(ctx);
    if (await endIn(ctx, getPlatformScope(ctx), ref)) return;
  }
  const { tenantId } = ref;
  if (tenantId === null) throw createNotFound();
  await authorize(ctx, { id: tenantId }, endSessions, 'session');
  requireRecentSignIn(ctx);
  const wasFound = await endIn(ctx, getTenantScope(ctx, tenantId), ref);
  if (!wasFound) throw createNotFound();
}

/** The same for a person's own session; false if it is not. Anyone who acts in somebody's name has its own. */
async function endOwn(ctx: Ctx, ref: SessionRef): Promise<boolean> {
  const { principal } = ctx;
  // An API key has no session, and its creator's are none of its business.
  if (principal.kind !== 'session') return false;
  const wasOwn = await endIn(ctx, getOwnScope(ctx), { ...ref, userId: principal.user.id });
  if (wasOwn && ref.id === principal.session.id) leaveSession(ctx);
  return wasOwn;
}

/** An operator has no audit log of its own, so what is no tenant's stands in that of the session's user. */
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
 * Ends sessions and returns how many: all of the caller's but this one; with `userId` those of
 * somebody else, by a platform administrator, or by who holds sessions:revoke in `tenantId` those
 * bound to it: that takes a recent sign-in. Throws NotFoundError, ForbiddenError.
 */
export async function revokeSessions(ctx: Ctx, input: RevokeSessionsInput): Promise<number> {
  getAuthenticated(ctx);
  const userId = input.userId ?? getSignedIn(ctx).user.id;
  const tenantId = input.tenantId ?? null;
  if (userId === findSignedInUserId(ctx)) return await endOwnSessions(ctx, input);
  if (isPlatformAdmin(ctx)) {
    if ((await findVisibleUser(ctx, userId)) === null) throw createUserNotFound();
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
    if (members.length === 0) throw createUserNotFound();
    return await endSessionsOf(ctx, tx, { userId, tenantId });
  });
}

/** All of the caller's but this one, or with it. */
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

function createUserNotFound(): NotFoundError {
  return new NotFoundError('This user does not exist or is not visible to you.');
}

function createNotFound(): NotFoundError {
  return new NotFoundError('This session does not exist or is not visible to you.');
}
