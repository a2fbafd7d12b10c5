import { type AuditEntry, recordAudit } from '../../../core/audit.ts';
import type { Ctx } from '../../../core/context.ts';
import type { Db } from '../../../db/database.ts';
import * as queries from '../queries.ts';

/** The audit action, and the audit log that it is recorded in. */
type EndingEntry = Pick<AuditEntry, 'tenantId' | 'subjectId'> & {
  action: 'session.closed' | 'session.revoked' | 'session.replaced';
};

/**
 * Ends a session and records it in the audit log of the tenant or, if none is given, of the user. Returns false, and
 * records nothing, if the scope shows no such session.
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
