import type { Database, Db } from '../../../db/database.ts';
import { noScope } from '../../../db/scope.ts';
import { eraseDueTenants } from '../queries/life-cycle.ts';

/** How much one call may do. */
export type ErasureBounds = {
  /** Members erased in one transaction; 1,000 with their roles and sessions take well under a second. */
  rowsPerStepMax: number;
  stepsMax: number;
  /** Asked in the transaction of each step; false ends the work, as somebody else is doing it. */
  mayStep?: (tx: Db) => Promise<boolean>;
};

/**
 * Erases tenants whose time to be restored is over, in steps of one transaction each, so that it can
 * be stopped anywhere and go on later. For a job: it acts for nobody, and the database's clock alone
 * decides what is due. Returns how many tenants are gone, and whether nothing due is left.
 */
export async function deleteDueTenants(
  db: Database,
  { rowsPerStepMax, stepsMax, mayStep = async () => true }: ErasureBounds,
): Promise<{ count: number; isComplete: boolean }> {
  let count = 0;
  for (let step = 0; step < stepsMax; step += 1) {
    const done = await db.transaction(noScope, async (tx) =>
      (await mayStep(tx)) ? await eraseDueTenants(tx, rowsPerStepMax) : 'others',
    );
    if (done === 'others') return { count, isComplete: false };
    if (done === null) return { count, isComplete: true };
    if (done.isErased) count += 1;
  }
  return { count, isComplete: false };
}
