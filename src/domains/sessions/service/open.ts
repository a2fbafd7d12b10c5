import type { Ctx } from '../../../core/context.ts';
import type { Session } from '../../../core/entities.ts';
import type { Db } from '../../../db/database.ts';
import type { TokenHash } from '../../../lib/token.ts';
import { createSession, type NewOwnSession } from '../queries/open.ts';
import { createSessionToken } from '../token.ts';

/** A fresh session and its token, which is shown this once. */
export type OpenedSession = { token: string; session: Session };

const userAgentMax = 512;

/** Whose session to open; `from` is the one that it goes on from, whose sign-in it shares. */
export type NewSessionOf = {
  userId: string;
  isPlatformAdmin: boolean;
  tenantId: string | null;
  from?: Pick<Session, 'expiresAt' | 'authenticatedSecondsAgo'>;
};

/**
 * Opens a session for a user, in the user's own scope. Beyond the cap the session that was used longest ago
 * ends, which stands in the person's own audit log.
 */
export async function openSession(ctx: Ctx, tx: Db, to: NewSessionOf): Promise<OpenedSession> {
  const { token, hash } = createSessionToken();
  const session = await createSession(tx, composeSession(ctx, to, hash), {
    authenticatedSecondsAgo: to.from?.authenticatedSecondsAgo ?? 0,
    notAfter: to.from?.expiresAt ?? null,
  });
  return { token, session };
}

/**
 * What a new session of this user is stored with. Platform administrators get the shorter lifetimes; a tenant may
 * shorten them further, which the database sees to.
 */
export function composeSession(
  ctx: Ctx,
  { userId, tenantId, isPlatformAdmin }: NewSessionOf,
  tokenHash: TokenHash,
): NewOwnSession {
  const limits = ctx.runtime.sessionLimits;
  return {
    userId,
    tenantId,
    tokenHash,
    ...describeOrigin(ctx),
    idleTimeoutSeconds: isPlatformAdmin
      ? limits.adminIdleTimeoutSeconds
      : limits.idleTimeoutSeconds,
    absoluteTimeoutSeconds: isPlatformAdmin
      ? limits.adminAbsoluteTimeoutSeconds
      : limits.absoluteTimeoutSeconds,
    perUserMax: limits.perUserMax,
    requestId: ctx.request.id,
  };
}

/** Where a session is opened from, and with what. */
export function describeOrigin({ request }: Ctx) {
  return {
    ip: request.ip,
    userAgent: request.userAgent?.slice(0, userAgentMax) ?? null,
    place: request.place,
  };
}
