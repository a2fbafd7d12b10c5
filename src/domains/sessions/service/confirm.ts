import { getOwnScope } from '../../../core/access/scopes.ts';
import { InvalidCredentialsError, UnauthenticatedError } from '../../../core/app-error.ts';
import { recordAudit } from '../../../core/audit.ts';
import { becomePrincipal, type Ctx, requireOwnSession } from '../../../core/context.ts';
import type { Session } from '../../../core/entities.ts';
import * as queries from '../queries.ts';
import { verifyPassword } from './password.ts';
import { attemptSignIn, releaseSignIn } from './sign-in-budget.ts';

/**
 * Confirms the caller's password, so that the session counts as recently signed in; its token stays the same. Counts as
 * a sign-in attempt.
 * @throws InvalidCredentialsError, RateLimitedError, UnauthenticatedError if the session has ended, UnavailableError
 */
export async function confirmPassword(ctx: Ctx, password: string): Promise<Session> {
  const { user, session } = requireOwnSession(ctx);
  await attemptSignIn(ctx, { email: user.email, holdsSession: true }, async (found) => {
    const hash = found?.passwordHash ?? null;
    const isMatch = await verifyPassword(ctx, hash, password);
    if (hash === null || !isMatch) throw createRejection();
    await ctx.db.transaction(getOwnScope(ctx), async (tx) => {
      if (!(await queries.lockPassword(tx, user.id, hash))) throw createRejection();
      const isLive = await queries.updateAuthenticatedAt(tx, session.id);
      if (!isLive) throw new UnauthenticatedError();
      await recordAudit(ctx, tx, {
        action: 'session.confirmed',
        tenantId: null,
        target: { type: 'Session', id: session.id },
      });
      await releaseSignIn(ctx, tx, user.email);
    });
  });
  const confirmed = { ...session, authenticatedSecondsAgo: 0 };
  becomePrincipal(ctx, { kind: 'session', user, session: confirmed });
  return confirmed;
}

function createRejection(): InvalidCredentialsError {
  return new InvalidCredentialsError('The password is incorrect.');
}
