import type { Database, Db } from '../../../db/database.ts';
import { noScope } from '../../../db/scope.ts';
import * as queries from '../queries.ts';

type DeletionBounds = {
  rowsPerStepMax: number;
  stepsMax: number;
  /** Asked in the transaction of each step; false ends the work: another process does it, or this one stops. */
  mayStep: (tx: Db) => Promise<boolean>;
};

/**
 * Deletes invitations whose time was over 90 days ago, a step at a time, each a transaction of its own:
 * a tenant keeps no addresses of people who never joined. For a job, which acts for nobody.
 */
export async function deleteOldInvitations(
  db: Database,
  { rowsPerStepMax, stepsMax, mayStep }: DeletionBounds,
): Promise<{ count: number; isComplete: boolean }> {
  let count = 0;
  for (let step = 0; step < stepsMax; step += 1) {
    const deleted = await db.transaction(noScope, async (tx) =>
      (await mayStep(tx)) ? await queries.deleteOldInvitations(tx, rowsPerStepMax) : null,
    );
    if (deleted === null) return { count, isComplete: false };
    count += deleted;
    if (deleted < rowsPerStepMax) return { count, isComplete: true };
  }
  return { count, isComplete: false };
}
