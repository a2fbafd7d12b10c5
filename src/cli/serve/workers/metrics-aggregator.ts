import {
  type CollectedMetrics,
  collectGauge,
  type PrintedMetrics,
  printAggregated,
  sumTotals,
} from '../../../observability/metrics.ts';
import type { KeptWorker } from './supervisor.ts';

/** The figures of all workers, as those of one server. */
export type Ledger = {
  /** Of a worker whose process has ended only what it had done remains. */
  close(worker: number): void;
  print(workers: readonly Pick<KeptWorker, 'count'>[]): Promise<PrintedMetrics>;
};

/**
 * Totals of a worker that has ended go on counting, as far as they were known: a sum that falls would be
 * taken for a server that began anew, and all that the others had ever done for done just now.
 */
export function createLedger(): Ledger {
  const latest = new Map<number, CollectedMetrics>();
  let past: Promise<CollectedMetrics> = Promise.resolve([]);

  async function ask(worker: number, { count }: Pick<KeptWorker, 'count'>): Promise<boolean> {
    const figures = await count();
    if (figures) latest.set(worker, figures);
    return figures !== null;
  }

  return {
    close(worker) {
      const last = latest.get(worker);
      if (last === undefined) return;
      latest.delete(worker);
      past = past.then((before) => sumTotals([before, last]));
    },
    async print(workers) {
      const answered = await Promise.all(workers.map((worker, index) => ask(index + 1, worker)));
      const count = answered.filter(Boolean).length;
      const serving = await collectGauge('tenantry_workers', 'Processes that serve.', count);
      return printAggregated([serving, await past, ...latest.values()]);
    },
  };
}
