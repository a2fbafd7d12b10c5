import { createAnonymous } from '../../../core/access/principal.ts';
import { getOwnScope } from '../../../core/access/scopes.ts';
import { becomePrincipal, type Ctx } from '../../../core/context.ts';
import type { Session, User } from '../../../core/entities.ts';
import { getSessionChecker } from '../check.ts';
import { hashSessionToken } from '../token.ts';
import { endSession } from './end.ts';
import type { OpenedSession } from './open.ts';

/**
 * Makes a new session the caller for the rest of the operation. Returns it as shown to the caller: with an empty token
 * if the session is kept in a cookie.
 */
export function enterSession(
  ctx: Ctx,
  user: User,
  { token, session }: OpenedSession,
): OpenedSession {
  becomePrincipal(ctx, { kind: 'session', user, session });
  if (ctx.sessionKeeper === null) return { token, session };
  // Both times are the database's, so the difference does not depend on our clock.
  const lifetimeMs = session.expiresAt.getTime() - session.createdAt.getTime();
  ctx.sessionKeeper.keep(token, Math.floor(lifetimeMs / 1_000));
  return { token: '', session };
}

/**
 * Enters a session that an earlier call with the same idempotency key may have opened, if it is still live. One that
 * has ended is returned as it was, without entering it.
 */
export async function enterRememberedSession(
  ctx: Ctx,
  { token, session }: OpenedSession,
): Promise<OpenedSession> {
  const tokenHash = hashSessionToken(token);
  const live =
    tokenHash && (await getSessionChecker(ctx.runtime).find({ tokenHash, tenantId: null }));
  if (live) return { ...enterSession(ctx, live.user, { token, session: live.session }), session };
  return { token: ctx.sessionKeeper === null ? token : '', session };
}

/** Makes the caller anonymous for the rest of the operation. */
export function leaveSession(ctx: Ctx): void {
  becomePrincipal(ctx, createAnonymous());
  ctx.sessionKeeper?.forget();
}

/**
 * Ends the session in the cookie that a sign-in is about to replace, since nobody has its token any more. Other
 * sessions stay, and so does `by`, which a caller that repeats a request already has.
 * @throws UnavailableError
 */
export async function endReplacedSession(ctx: Ctx, by?: Session): Promise<void> {
  const { principal, sessionKeeper } = ctx;
  if (principal.kind !== 'session' || !sessionKeeper?.isHolding) return;
  const { id, tenantId } = principal.session;
  if (id === by?.id) return;
  await ctx.db.transaction(getOwnScope(ctx), (tx) =>
    endSession(ctx, tx, { id }, { action: 'session.replaced', tenantId }),
  );
}
