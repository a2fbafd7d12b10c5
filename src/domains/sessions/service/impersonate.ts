import { getPlatformScope } from '../../../core/access/scopes.ts';
import {
  ConflictError,
  createNotFound,
  ForbiddenError,
  NotFoundError,
} from '../../../core/app-error.ts';
import { recordAudit } from '../../../core/audit.ts';
import {
  type Ctx,
  getSignedIn,
  requirePlatformAdmin,
  requireRecentSignIn,
} from '../../../core/context.ts';
import type { Session, User } from '../../../core/entities.ts';
import { type IdempotentInput, transactOnce } from '../../../core/idempotency.ts';
import { checkText } from '../../../core/input.ts';
import type { Db } from '../../../db/database.ts';
import { noScope } from '../../../db/scope.ts';
import type { TokenHash } from '../../../lib/token.ts';
import { listTenantIdsOf } from '../../memberships/queries.ts';
import { findOwnTenantId } from '../../tenants/queries.ts';
import { findVisibleUser } from '../../users/service.ts';
import { createImpersonation } from '../queries/open.ts';
import * as queries from '../queries.ts';
import { createSessionToken } from '../token.ts';
import { describeOrigin } from './open.ts';
import type { SignedInSession } from './sign-in.ts';

export type ImpersonateUserInput = IdempotentInput & {
  userId: string;
  reason: string;
  tenantId?: string | null | undefined;
};

/** Length limits of a reason, in code points. */
const reasonMin = 10;
const reasonMax = 500;

/**
 * Opens a session in which a platform administrator impersonates a user, in one tenant if given, for at most
 * IMPERSONATION_MAX_SECONDS. The reason is recorded in the audit logs of the user and the tenants concerned. The
 * caller's own session stays.
 * @throws InvalidInputError, ForbiddenError (no platform administrator in a session of their own, no recent sign-in, a
 * session kept in a cookie, the target is an administrator), NotFoundError (no such user, or no member of the tenant),
 * ConflictError (the caller themselves, or a suspended user), the errors of transactOnce
 */
export async function impersonateUser(
  ctx: Ctx,
  input: ImpersonateUserInput,
): Promise<SignedInSession> {
  const reason = checkText('reason', input.reason, reasonMax, { min: reasonMin });
  requirePlatformAdmin(ctx);
  const user = await getImpersonable(ctx, input.userId);
  const tenantId = input.tenantId ?? null;
  if (tenantId !== null) await requireMember(ctx, user.id, tenantId);
  requireRecentSignIn(ctx);
  rejectKeptSession(ctx);
  const once = { mutation: 'impersonateUser', input, scope: getPlatformScope(ctx) };
  const created = await transactOnce(ctx, once, async (tx) => {
    const { token, hash } = createSessionToken();
    // Before the audit entries: an erasure also locks the user's row first and the audit logs later.
    const opened = await openImpersonation(ctx, tx, { userId: user.id, tenantId, tokenHash: hash });
    await endPreviousImpersonations(ctx, tx, opened);
    await recordReason(ctx, tx, opened, reason);
    return { token, session: opened };
  });
  return { ...created, user };
}

async function getImpersonable(ctx: Ctx, userId: string): Promise<User> {
  const user = await findVisibleUser(ctx, userId);
  if (user === null) throw createNotFound('user');
  if (user.id === getSignedIn(ctx).user.id)
    throw new ConflictError('You cannot impersonate yourself.');
  if (user.isPlatformAdmin) {
    throw new ForbiddenError('Platform administrators cannot be impersonated.');
  }
  if (user.status !== 'active') throw createConflict();
  return user;
}

async function requireMember(ctx: Ctx, userId: string, tenantId: string): Promise<void> {
  const found = await ctx.db.read(noScope, (db) => findOwnTenantId(db, userId, { id: tenantId }));
  if (found === null) throw new NotFoundError('This user is not a member of this tenant.');
}

/**
 * The new session in the cookie would sign the administrator out; its token in the response would be exposed to a page
 * whose own token no script can read.
 */
function rejectKeptSession(ctx: Ctx): void {
  if (ctx.sessionKeeper === null) return;
  throw new ForbiddenError(
    'A session kept in a cookie cannot impersonate; sign in without the cookie first.',
  );
}

/** Allows one session per administrator and user, so that a lost token stops working. */
async function endPreviousImpersonations(ctx: Ctx, tx: Db, opened: Session): Promise<void> {
  for (const id of await queries.deleteFormerImpersonations(tx, opened)) {
    await recordAudit(ctx, tx, {
      action: 'session.replaced',
      tenantId: null,
      subjectId: opened.userId,
      target: { type: 'Session', id },
    });
  }
}

async function openImpersonation(
  ctx: Ctx,
  tx: Db,
  as: { userId: string; tenantId: string | null; tokenHash: TokenHash },
): Promise<Session> {
  const { adminIdleTimeoutSeconds, impersonationMaxSeconds } = ctx.runtime.sessionLimits;
  const session = await createImpersonation(tx, {
    ...as,
    ...describeOrigin(ctx),
    impersonatorId: getSignedIn(ctx).user.id,
    idleTimeoutSeconds: adminIdleTimeoutSeconds,
    absoluteTimeoutSeconds: impersonationMaxSeconds,
  });
  // The database checks the current permissions, which may have changed since.
  if (session === null) throw createConflict();
  return session;
}

/** Records the reason in the user's own audit log first, then in those of the tenants it covers, in the order of their ids. */
async function recordReason(ctx: Ctx, tx: Db, session: Session, reason: string): Promise<void> {
  const { userId, expiresAt } = session;
  const tenantIds =
    session.tenantId === null ? await listTenantIdsOf(tx, userId) : [session.tenantId];
  for (const tenantId of [null, ...tenantIds]) {
    await recordAudit(ctx, tx, {
      action: 'session.impersonated',
      tenantId,
      subjectId: userId,
      target: { type: 'User', id: userId },
      changes: { reason: [null, reason], until: [null, expiresAt] },
    });
  }
}

function createConflict(): ConflictError {
  return new ConflictError('This user cannot be impersonated right now.');
}
