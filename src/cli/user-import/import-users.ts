import { type Operator, withOperator } from '../../db/operator.ts';
import { type Log, silentLog } from '../../lib/log.ts';
import { createUuidV7 } from '../../lib/uuid.ts';
import { createBatches, type ImportBatch, type RowResult } from './batches.ts';
import { type LoadOptions, loadBatch, prepareImport, tidyAfterImport } from './load.ts';
import type { RawRow } from './read-rows.ts';

export type ImportSettings = Omit<LoadOptions, 'runId'> & {
  /** Notified of a batch once it is stored for good. */
  onResults: (results: readonly RowResult[]) => Promise<void>;
  /** Hears of a wait for another import. */
  log?: Log;
};

/** How an import ended: rows by what became of them. */
export type ImportSummary = Record<RowResult['outcome'], number> & {
  /** Under which the audit log reports it. */
  importId: string;
  rows: number;
  seconds: number;
};

/** Fewer new users than this leave the planner's statistics as good as they were. */
const tidyRowsMin = 5_000;

/**
 * Stores the people that rows report, a batch at a time, while the next one is read: memory stays
 * flat. Anyone who is there already, by address, is left alone, so an import that was killed is simply
 * started again. Throws what the source and the database raise; the batches before that stay.
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
      // Two at once would wait for each other's rows.
      await operator.takeLock('user import', 'disconnect');
      await prepareImport(operator);
      const importId = createUuidV7();
      const counts = { created: 0, updated: 0, skipped: 0, invalid: 0 };
      const batches = createBatches(source);
      for (let next = await batches.next(); !next.done; ) {
        const following = batches.next();
        // Raised where it is waited for, after this batch is stored.
        following.catch(() => undefined);
        const results = await storeBatch(operator, next.value, { ...settings, runId: importId });
        for (const { outcome } of results) counts[outcome] += 1;
        await settings.onResults(results);
        next = await following;
      }
      if (counts.created >= tidyRowsMin && !settings.isDryRun) await tidyAfterImport(operator);
      const rows = Object.values(counts).reduce((sum, count) => sum + count, 0);
      const seconds = Math.round(performance.now() - began) / 1_000;
      return { importId, rows, ...counts, seconds };
    },
    { log: settings.log ?? silentLog },
  );
}

async function storeBatch(
  operator: Operator,
  { rows, refused }: ImportBatch,
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
  return [...stored, ...refused].sort((a, b) => a.row - b.row);
}
