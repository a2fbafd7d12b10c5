import type { Db } from '../../db/database.ts';

/** What one step has deleted. */
export type ExpiredRows = { sessions: number; signInBudgets: number; idempotencyKeys: number };

/** One step: at most `rowsMax` of each kind that have had their time. */
export async function deleteExpiredData(
  tx: Db,
  consecutiveMax: number,
  rowsMax: number,
): Promise<ExpiredRows> {
  const [rows] = await tx.$queryRaw<[ExpiredRows]>`
    select sessions_deleted as sessions, sign_in_budgets_deleted as "signInBudgets",
      delete_expired_answers(${rowsMax}::int) as "idempotencyKeys"
    from delete_expired_data(${consecutiveMax}::int, ${rowsMax}::int)`;
  return rows;
}
