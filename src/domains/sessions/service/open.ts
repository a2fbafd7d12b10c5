import type { Ctx } from '../../../core/context.ts';
import type { Session } from '../../../core/records.ts';
import type { Db } from '../../../db/database.ts';
import * as queries from '../queries.ts';
import { createSessionToken } from '../token.ts';

/** A fresh session and its token, which is shown this once. */
export type OpenedSession = { token: string; session: Session };

const userAgentMax = 512;

/**
 * Opens a session for a user, in the user's own scope. Platform administrators get the shorter
 * lifetimes; beyond the cap the session that was used longest ago ends.
 */
export async function openSession(
  ctx: Ctx,
  tx: Db,
  to: { userId: string; isPlatformAdmin: boolean; tenantId: string | null; notAfter?: Date },
): Promise<OpenedSession> {
  const limits = ctx.runtime.sessionLimits;
  const { token, hash } = createSessionToken();
  const session = await queries.createSession(tx, {
    userId: to.userId,
    tenantId: to.tenantId,
    tokenHash: hash,
    ip: ctx.request.ip,
    userAgent: ctx.request.userAgent?.slice(0, userAgentMax) ?? null,
    idleTimeoutSeconds: to.isPlatformAdmin
      ? limits.adminIdleTimeoutSeconds
      : limits.idleTimeoutSeconds,
    absoluteTimeoutSeconds: to.isPlatformAdmin
      ? limits.adminAbsoluteTimeoutSeconds
      : limits.absoluteTimeoutSeconds,
    notAfter: to.notAfter ?? null,
  });
  await queries.deleteSurplusSessions(tx, to.userId, limits.perUserMax);
  return { token, session };
}
