import {
  type CollectedMetrics,
  collectGauge,
  type PrintedMetrics,
  printAggregated,
  sumTotals,
} from '../../../observability/metrics.ts';
import type { KeptWorker } from './supervisor.ts';

/** The metrics of all workers as those of one server. */
export type MetricsAggregator = {
  /** Keeps only the totals of a worker whose process has ended. */
  close(worker: number): void;
  print(workers: readonly Pick<KeptWorker, 'count'>[]): Promise<PrintedMetrics>;
};

/**
 * The last known totals of ended workers are kept, because monitoring takes a falling sum for a restart and would count
 * the totals of the other workers again.
 */
export function createMetricsAggregator(): MetricsAggregator {
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
