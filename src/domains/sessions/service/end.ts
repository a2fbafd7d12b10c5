import { type AuditEntry, recordAudit } from '../../../core/audit.ts';
import type { Ctx } from '../../../core/context.ts';
import type { Db } from '../../../db/database.ts';
import * as queries from '../queries.ts';

/** How it ends, and in whose audit log that stands. */
type EndingEntry = Pick<AuditEntry, 'tenantId' | 'subjectId'> & {
  action: 'session.closed' | 'session.revoked' | 'session.replaced';
};

/**
 * Ends a session and records it in the audit log, in one transaction: that of the tenant, or of whose session
 * it was. False, with nothing told, where the scope shows no such session (any more).
 */
export async function endSession(
  ctx: Ctx,
  tx: Db,
  session: queries.OneSession,
  entry: EndingEntry,
): Promise<boolean> {
  const ended = await queries.deleteSession(tx, session);
  if (ended === null) return false;
  await recordAudit(ctx, tx, {
    ...entry,
    subjectId: ended.userId,
    target: { type: 'Session', id: session.id },
  });
  return true;
}
