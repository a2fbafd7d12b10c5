import type { Db } from '../../db/database.ts';

/** Kinds of expired data, by the names of delete_expired_data(). */
export const expiredKinds = [
  'sessions',
  'signInBudgets',
  'idempotencyKeys',
  'oneTimeTokens',
  'userActivity',
] as const;

/** How many rows of each kind. */
export type ExpiredRows = Record<(typeof expiredKinds)[number], number>;

/** One step: at most `rowsMax` of each kind that have expired. */
export async function deleteExpiredData(
  tx: Db,
  consecutiveMax: number,
  rowsMax: number,
): Promise<ExpiredRows> {
  const rows = await tx.$queryRaw<{ kind: string; deleted: number }[]>`
    select kind, deleted from delete_expired_data(${consecutiveMax}::int, ${rowsMax}::int)`;
  const deleted = new Map(rows.map((row) => [row.kind, row.deleted]));
  return sumUp((kind) => deleted.get(kind) ?? 0);
}

/** A number for each kind. */
export function sumUp(count: (kind: keyof ExpiredRows) => number): ExpiredRows {
  return Object.fromEntries(expiredKinds.map((kind) => [kind, count(kind)])) as ExpiredRows;
}

/** True for the one transaction at a time that may do a step, over all processes. */
export async function tryHousekeeping(tx: Db): Promise<boolean> {
  const [row] = await tx.$queryRaw<[{ isMine: boolean }]>`select try_housekeeping() as "isMine"`;
  return row.isMine;
}
