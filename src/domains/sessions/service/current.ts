import { becomePrincipal, type Ctx } from '../../../core/context.ts';
import { createAnonymous } from '../../../core/principal.ts';
import type { User } from '../../../core/records.ts';
import { getOwnScope } from '../../../core/scopes.ts';
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

/** The rest of the operation is nobody's: the session of this request has ended. */
export function leaveSession(ctx: Ctx): void {
  becomePrincipal(ctx, createAnonymous());
  ctx.sessionKeeper?.forget();
}

/**
 * Ends the kept session that a sign-in is about to replace: nobody holds its token any more, so
 * nobody could use it or end it. Other sessions of the caller stay. Raises UnavailableError.
 */
export async function endReplacedSession(ctx: Ctx): Promise<void> {
  const { principal, sessionKeeper } = ctx;
  if (principal.kind !== 'session' || !sessionKeeper?.isHolding) return;
  const { id, tenantId } = principal.session;
  await ctx.db.transaction(getOwnScope(ctx), (tx) =>
    endSession(ctx, tx, { id }, { action: 'session.replaced', tenantId }),
  );
}
