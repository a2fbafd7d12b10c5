import type { Database, Db } from '../../../db/database.ts';
import { noScope } from '../../../db/scope.ts';
import { eraseDueTenants } from '../queries/life-cycle.ts';

/** Limits of one call. */
export type ErasureBounds = {
  /** Members erased in one transaction; 1,000 with their roles and sessions take well under a second. */
  rowsPerStepMax: number;
  stepsMax: number;
  /** Called in the transaction of each step; false stops the work, because another process is doing it. */
  mayStep?: (tx: Db) => Promise<boolean>;
};

/**
 * Erases tenants that can no longer be restored, in steps of one transaction each, so that the job can stop anywhere
 * and continue later. Acts for no user: the database's clock alone decides what is due. Returns how many tenants were
 * erased, and whether none is left.
 */
export async function deleteDueTenants(
  db: Database,
  { rowsPerStepMax, stepsMax, mayStep = async () => true }: ErasureBounds,
): Promise<{ count: number; isComplete: boolean }> {
  let count = 0;
  for (let step = 0; step < stepsMax; step += 1) {
    const done = await db.transaction(noScope, async (tx) =>
      (await mayStep(tx)) ? await eraseDueTenants(tx, rowsPerStepMax) : 'stopped',
    );
    if (done === 'stopped') return { count, isComplete: false };
    if (done === null) return { count, isComplete: true };
    if (done.isErased) count += 1;
  }
  return { count, isComplete: false };
}
