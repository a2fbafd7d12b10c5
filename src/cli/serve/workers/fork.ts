import cluster from 'node:cluster';
import type { CollectedMetrics } from '../../../observability/metrics.ts';
import { type News, type Order, type StartOrder, unpackError, WorkerError } from './messages.ts';

/** How a process ended: with a code, or by a signal. */
export type Ending = { code: number | null; signal: string | null };

/** One process of a worker, from its start to its end. */
export type Forked = {
  pid: number;
  /** The server's origin; rejects with the reason, or with a WorkerError if it sent none. */
  ready: Promise<string>;
  /** Never rejects. */
  ended: Promise<Ending>;
  /** Its metrics; null if it does not serve or does not respond. */
  count(): Promise<CollectedMetrics | null>;
  /** Stops it in order, and kills it after `killAfterMs`. */
  stop(killAfterMs: number): void;
};

/** Metrics take milliseconds; a worker that does not send them hangs. */
const countMsMax = 2_000;

/** Starts a worker process. */
export function forkWorker(order: StartOrder): Forked {
  const worker = cluster.fork();
  const ready = Promise.withResolvers<string>();
  const ended = Promise.withResolvers<Ending>();
  const askers = new Set<(figures: CollectedMetrics | null) => void>();
  let isServing = false;
  const answer = (figures: CollectedMetrics | null) => {
    for (const settle of askers) settle(figures);
  };
  // A failed send means that the process has ended, which its exit event reports.
  const send = (sent: Order) => worker.send(sent, () => undefined);
  const settleEnd = (ending: Ending, fault: Error) => {
    isServing = false;
    answer(null);
    ready.reject(fault);
    ended.resolve(ending);
  };
  worker.on('message', (news: News) => {
    if (news.kind === 'figures') answer(news.figures);
    if (news.kind === 'failed') ready.reject(unpackError(news.fault));
    if (news.kind === 'ready') {
      isServing = true;
      ready.resolve(news.url);
    }
  });
  worker.on('exit', (code: number | null, signal: string | null) => {
    const how = signal ?? `code ${code}`;
    settleEnd({ code, signal }, new WorkerError(`A worker ended (${how}) before it served.`));
  });
  worker.on('error', (error) => settleEnd({ code: null, signal: null }, error));
  ready.promise.catch(() => undefined);
  send(order);
  return {
    pid: worker.process.pid ?? 0,
    ready: ready.promise,
    ended: ended.promise,
    async count() {
      if (!isServing) return null;
      const { promise, resolve } = Promise.withResolvers<CollectedMetrics | null>();
      const patience = setTimeout(() => resolve(null), countMsMax);
      askers.add(resolve);
      send({ kind: 'count' });
      const figures = await promise;
      clearTimeout(patience);
      askers.delete(resolve);
      return figures;
    },
    stop(killAfterMs) {
      send({ kind: 'stop' });
      const kill = setTimeout(() => worker.process.kill('SIGKILL'), killAfterMs);
      void ended.promise.then(() => clearTimeout(kill));
    },
  };
}
