import cluster from 'node:cluster';
import type { CollectedMetrics } from '../../../observability/metrics.ts';
import { type News, type Order, type StartOrder, unpackFault, WorkerError } from './messages.ts';

/** How a process ended: with a code, or by a signal. */
export type Ending = { code: number | null; signal: string | null };

/** One process of a worker, from its start to its end. */
export type Forked = {
  pid: number;
  /** The server's origin; rejects with what went wrong, a WorkerError where it could not say it. */
  ready: Promise<string>;
  /** Never rejects. */
  ended: Promise<Ending>;
  /** Null where it does not serve, or does not answer. */
  count(): Promise<CollectedMetrics | null>;
  /** Has it end in order, and with force where that has not happened within `killAfterMs`. */
  stop(killAfterMs: number): void;
};

/** Collecting takes milliseconds; a worker without a response hangs, and the metrics of the others suffice. */
const countMsMax = 2_000;

/** Starts a process that serves as it is ordered to. */
export function forkWorker(order: StartOrder): Forked {
  const worker = cluster.fork();
  const ready = Promise.withResolvers<string>();
  const ended = Promise.withResolvers<Ending>();
  const askers = new Set<(figures: CollectedMetrics | null) => void>();
  let isServing = false;
  const answer = (figures: CollectedMetrics | null) => {
    for (const settle of askers) settle(figures);
  };
  // What cannot be sent was meant for a process that has ended, which its exit tells.
  const send = (sent: Order) => worker.send(sent, () => undefined);
  const settleEnd = (ending: Ending, fault: Error) => {
    isServing = false;
    answer(null);
    ready.reject(fault);
    ended.resolve(ending);
  };
  worker.on('message', (news: News) => {
    if (news.kind === 'figures') answer(news.figures);
    if (news.kind === 'failed') ready.reject(unpackFault(news.fault));
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
