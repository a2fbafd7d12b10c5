import type { Database } from '../../../db/database.ts';
import { noScope } from '../../../db/scope.ts';
import * as queries from '../queries.ts';

/**
 * Deletes invitations whose time was over 90 days ago, a step at a time, each a transaction of its own:
 * a tenant keeps no addresses of people who never joined. For a job, which acts for nobody.
 */
export async function deleteOldInvitations(
  db: Database,
  { rowsPerStepMax, stepsMax }: { rowsPerStepMax: number; stepsMax: number },
): Promise<{ count: number; isComplete: boolean }> {
  let count = 0;
  for (let step = 0; step < stepsMax; step += 1) {
    const deleted = await db.transaction(noScope, (tx) =>
      queries.deleteOldInvitations(tx, rowsPerStepMax),
    );
    count += deleted;
    if (deleted < rowsPerStepMax) return { count, isComplete: true };
  }
  return { count, isComplete: false };
}
