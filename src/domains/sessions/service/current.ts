import { createAnonymous } from '../../../core/access/principal.ts';
import { getOwnScope } from '../../../core/access/scopes.ts';
import { becomePrincipal, type Ctx } from '../../../core/context.ts';
import type { Session, User } from '../../../core/entities.ts';
import { getSessionChecker } from '../check.ts';
import { hashSessionToken } from '../token.ts';
import { endSession } from './end.ts';
import type { OpenedSession } from './open.ts';

/**
 * The rest of the operation acts in a session just opened. Answers it as the caller may see it:
 * without the token where the session is kept for the caller, who then needs none.
 */
export function enterSession(
  ctx: Ctx,
  user: User,
  { token, session }: OpenedSession,
): OpenedSession {
  becomePrincipal(ctx, { kind: 'session', user, session });
  if (ctx.sessionKeeper === null) return { token, session };
  // Both times are of the database's clock, so the difference is right whatever ours says.
  const lifetimeMs = session.expiresAt.getTime() - session.createdAt.getTime();
  ctx.sessionKeeper.keep(token, Math.floor(lifetimeMs / 1_000));
  return { token: '', session };
}

/**
 * The same for a session that an earlier try of the same request may have opened: it is entered only
 * while it is good. One that has ended since is answered as it was then, and opens nothing.
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

/** The rest of the operation is nobody's: the session of this request has ended. */
export function leaveSession(ctx: Ctx): void {
  becomePrincipal(ctx, createAnonymous());
  ctx.sessionKeeper?.forget();
}

/**
 * Ends the kept session that a sign-in is about to replace: nobody holds its token any more, so
 * nobody could use it or end it. Other sessions of the caller stay, and so does `by`, which a caller holds
 * already that asks a second time. Throws UnavailableError.
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
