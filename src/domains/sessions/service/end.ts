import { type AuditEntry, recordAudit } from '../../../core/audit.ts';
import type { Ctx } from '../../../core/context.ts';
import type { Db } from '../../../db/database.ts';
import * as queries from '../queries.ts';

/** A session by its id and, where they must fit too, its tenant and its user. */
type Ending = { id: string; tenantId?: string | null; userId?: string };

/** How it ends, and in whose trail that stands. */
type EndingEntry = Pick<AuditEntry, 'tenantId'> & {
  action: 'session.closed' | 'session.revoked' | 'session.replaced';
};

/**
 * Ends a session and tells the trail of it, in one transaction. False, with nothing told, where the
 * scope shows no such session (any more).
 */
export async function endSession(
  ctx: Ctx,
  tx: Db,
  { id, ...of }: Ending,
  entry: EndingEntry,
): Promise<boolean> {
  const userId = await queries.deleteSession(tx, id, of);
  if (userId === null) return false;
  await recordAudit(ctx, tx, { ...entry, subjectId: userId, target: { type: 'Session', id } });
  return true;
}
