import { recordAudit } from '../../../core/audit.ts';
import type { Ctx } from '../../../core/context.ts';
import type { Session } from '../../../core/records.ts';
import type { Db } from '../../../db/database.ts';
import * as queries from '../queries.ts';
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
 * Opens a session for a user, in the user's own scope. Platform administrators get the shorter
 * lifetimes; beyond the cap the session that was used longest ago ends.
 */
export async function openSession(ctx: Ctx, tx: Db, to: NewSessionOf): Promise<OpenedSession> {
  const limits = ctx.runtime.sessionLimits;
  const { token, hash } = createSessionToken();
  const session = await queries.createSession(tx, {
    userId: to.userId,
    tenantId: to.tenantId,
    tokenHash: hash,
    ...describeOrigin(ctx),
    impersonatorId: null,
    authenticatedSecondsAgo: to.from?.authenticatedSecondsAgo ?? 0,
    idleTimeoutSeconds: to.isPlatformAdmin
      ? limits.adminIdleTimeoutSeconds
      : limits.idleTimeoutSeconds,
    absoluteTimeoutSeconds: to.isPlatformAdmin
      ? limits.adminAbsoluteTimeoutSeconds
      : limits.absoluteTimeoutSeconds,
    notAfter: to.from?.expiresAt ?? null,
  });
  if (session === null) throw new Error('Only an impersonation may be refused by the database.');
  await endSurplusSessions(ctx, tx, to.userId);
  return { token, session };
}

/** Where a session is opened from, and with what. */
export function describeOrigin({ request }: Ctx) {
  return {
    ip: request.ip,
    userAgent: request.userAgent?.slice(0, userAgentMax) ?? null,
    place: request.place,
  };
}

/**
 * The cap is the person's, so its work stands in the person's own trail, whatever the sessions were
 * bound to. All are ended before the first is told of: who deletes holding the lock of a trail could
 * lock out another sign-in, and so could who writes into those of several tenants.
 */
async function endSurplusSessions(ctx: Ctx, tx: Db, userId: string): Promise<void> {
  const { perUserMax } = ctx.runtime.sessionLimits;
  for (const id of await queries.deleteSurplusSessions(tx, userId, perUserMax)) {
    await recordAudit(ctx, tx, {
      action: 'session.evicted',
      tenantId: null,
      target: { type: 'Session', id },
    });
  }
}
