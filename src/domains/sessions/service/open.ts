import type { Ctx } from '../../../core/context.ts';
import type { Session } from '../../../core/entities.ts';
import type { Db } from '../../../db/database.ts';
import type { TokenHash } from '../../../lib/token.ts';
import { createSession, type NewOwnSession } from '../queries/open.ts';
import { createSessionToken } from '../token.ts';

/** A new session and its token, which is shown only once. */
export type OpenedSession = { token: string; session: Session };

const userAgentMax = 512;

/** The user and tenant of a new session; `from` is the session that it continues, with the same time of sign-in. */
export type NewSessionInput = {
  userId: string;
  isPlatformAdmin: boolean;
  tenantId: string | null;
  from?: Pick<Session, 'expiresAt' | 'authenticatedSecondsAgo'>;
};

/**
 * Opens a session in the user's own scope. Beyond the limit per user the least recently used one ends, which is
 * recorded in the user's audit log.
 */
export async function openSession(
  ctx: Ctx,
  tx: Db,
  input: NewSessionInput,
): Promise<OpenedSession> {
  const { token, hash } = createSessionToken();
  const session = await createSession(tx, composeSession(ctx, input, hash), {
    authenticatedSecondsAgo: input.from?.authenticatedSecondsAgo ?? 0,
    notAfter: input.from?.expiresAt ?? null,
  });
  return { token, session };
}

/**
 * Returns the values to store. Platform administrators get shorter lifetimes; the database applies those of the tenant.
 */
export function composeSession(
  ctx: Ctx,
  { userId, tenantId, isPlatformAdmin }: NewSessionInput,
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

export function describeOrigin({ request }: Ctx) {
  return {
    ip: request.ip,
    userAgent: request.userAgent?.slice(0, userAgentMax) ?? null,
    place: request.place,
  };
}
