import { type Operator, withOperator } from '../../db/operator.ts';
import { type Log, silentLog } from '../../lib/log.ts';
import { createUuidV7 } from '../../lib/uuid.ts';
import { createBatches, type ImportBatch, type RowResult } from './batches.ts';
import { type LoadOptions, loadBatch, prepareImport, vacuumAfterImport } from './load.ts';
import type { RawRow } from './read-rows.ts';

export type ImportSettings = Omit<LoadOptions, 'runId'> & {
  /** Called after each batch is committed. */
  onResults: (results: readonly RowResult[]) => Promise<void>;
  /** Gets a warning while another import runs. */
  log?: Log;
};

/** Result of an import: number of rows by outcome. */
export type ImportSummary = Record<RowResult['outcome'], number> & {
  /** Identifies the import in the audit log. */
  importId: string;
  rows: number;
  seconds: number;
};

/** With fewer new users the planner's statistics stay accurate. */
const vacuumRowsMin = 5_000;

/**
 * Stores the users of the rows in batches, while the next batch is read; memory stays constant. Skips users whose
 * address exists already, so an interrupted import can be repeated. Throws what the source and the database throw;
 * batches before that stay.
 */
export function importUsers(
  ownerUrl: string,
  source: AsyncIterable<RawRow>,
  settings: ImportSettings,
): Promise<ImportSummary> {
  const began = performance.now();
  return withOperator(
    ownerUrl,
    async (operator) => {
      // Concurrent imports would wait for each other's rows.
      await operator.takeLock('user import', 'disconnect');
      await prepareImport(operator);
      const importId = createUuidV7();
      const counts = { created: 0, updated: 0, skipped: 0, invalid: 0 };
      const batches = createBatches(source);
      for (let next = await batches.next(); !next.done; ) {
        const following = batches.next();
        // Thrown where it is awaited, after this batch is stored.
        following.catch(() => undefined);
        const results = await storeBatch(operator, next.value, { ...settings, runId: importId });
        for (const { outcome } of results) counts[outcome] += 1;
        await settings.onResults(results);
        next = await following;
      }
      if (counts.created >= vacuumRowsMin && !settings.isDryRun) await vacuumAfterImport(operator);
      const rows = Object.values(counts).reduce((sum, count) => sum + count, 0);
      const seconds = Math.round(performance.now() - began) / 1_000;
      return { importId, rows, ...counts, seconds };
    },
    { log: settings.log ?? silentLog },
  );
}

async function storeBatch(
  operator: Operator,
  { rows, rejected }: ImportBatch,
  options: LoadOptions,
): Promise<RowResult[]> {
  const outcomes = rows.length === 0 ? [] : await loadBatch(operator, rows, options);
  const stored = outcomes.map(
    ({ number, outcome, field, reason }, at): RowResult => ({
      row: number,
      email: rows[at]?.email ?? null,
      outcome,
      field,
      reason: reason === null ? null : `"${field ?? 'email'}" ${reason}.`,
    }),
  );
  return [...stored, ...rejected].sort((a, b) => a.row - b.row);
}
