import { getPlatformScope } from '../../../core/access/scopes.ts';
import { ConflictError, ForbiddenError, NotFoundError } from '../../../core/app-error.ts';
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

/** Length of a reason in code points: it has to say something. */
const reasonMin = 10;
const reasonMax = 500;

/**
 * Opens a session in which a platform administrator acts as somebody else, in one tenant if asked, for
 * IMPERSONATION_MAX_SECONDS at most. The person and the tenants concerned read the reason in their
 * audit logs. The caller stays who it is. Throws InvalidInputError, ForbiddenError (no platform
 * administrator in a session of its own, no recent sign-in, a session kept in a cookie, another
 * administrator), NotFoundError (no such user, or none of that tenant), ConflictError (oneself, or a
 * suspended user); for an idempotency key see transactOnce().
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
  requireOwnToken(ctx);
  const once = { mutation: 'impersonateUser', input, scope: getPlatformScope(ctx) };
  const made = await transactOnce(ctx, once, async (tx) => {
    const { token, hash } = createSessionToken();
    // Before anything is told: who erases this user holds its row first and writes into audit logs later.
    const opened = await openAs(ctx, tx, { userId: user.id, tenantId, tokenHash: hash });
    await endFormer(ctx, tx, opened);
    await tellAuditLogs(ctx, tx, opened, reason);
    return { token, session: opened };
  });
  return { ...made, user };
}

async function getImpersonable(ctx: Ctx, userId: string): Promise<User> {
  const user = await findVisibleUser(ctx, userId);
  if (user === null) throw new NotFoundError('This user does not exist or is not visible to you.');
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
 * Keeping the new session in the cookie would sign the administrator out unasked; showing its token to
 * a page whose own token no script can read would be a way around that cookie.
 */
function requireOwnToken(ctx: Ctx): void {
  if (ctx.sessionKeeper === null) return;
  throw new ForbiddenError(
    'A session kept in a cookie cannot impersonate; sign in without the cookie first.',
  );
}

/** One at a time for each administrator and person: a token that was lost is no good any more. */
async function endFormer(ctx: Ctx, tx: Db, opened: Session): Promise<void> {
  for (const id of await queries.deleteFormerImpersonations(tx, opened)) {
    await recordAudit(ctx, tx, {
      action: 'session.replaced',
      tenantId: null,
      subjectId: opened.userId,
      target: { type: 'Session', id },
    });
  }
}

async function openAs(
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
  // The database has looked again, at rights that may have changed meanwhile.
  if (session === null) throw createConflict();
  return session;
}

/** The person's own audit log first, then those of the tenants that may be acted in, in their order. */
async function tellAuditLogs(ctx: Ctx, tx: Db, session: Session, reason: string): Promise<void> {
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
