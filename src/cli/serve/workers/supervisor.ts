import type { Logger } from '../../../observability/logger.ts';
import type { CollectedMetrics } from '../../../observability/metrics.ts';
import { type Ending, forkWorker } from './fork.ts';
import type { StartOrder } from './messages.ts';

/** A worker for the life of the server; its process is replaced when it ends. */
export type KeptWorker = {
  /** The server's origin; rejects, without a replacement, if the first process cannot serve. */
  ready: Promise<string>;
  count(): Promise<CollectedMetrics | null>;
  /** Stops it in order; false if that failed. */
  stop(): Promise<boolean>;
};

export type KeepOptions = {
  log: Logger;
  /** Called when a process has ended. */
  onEnded: (worker: number) => void;
  /** Longest wait for an orderly end. */
  stopMsMax: number;
};

const pauseMsMin = 100;
const pauseMsMax = 30_000;
/** A process that served this long resets the pause. */
const steadyMs = 60_000;

/**
 * Keeps one worker serving: a process that ends is replaced after a pause, which doubles from 0.1 s to 30 s while
 * processes end within a minute, so that a crash loop does not use a whole core.
 */
export function keepWorker(order: StartOrder, options: KeepOptions): KeptWorker {
  const { worker } = order;
  const { log, onEnded, stopMsMax } = options;
  let isStopping = false;
  let hasServed = false;
  let crashesInARow = 0;
  let pause: NodeJS.Timeout | undefined;
  let current = begin();
  return {
    ready: current.ready,
    count: () => current.count(),
    async stop() {
      isStopping = true;
      clearTimeout(pause);
      current.stop(stopMsMax);
      // During the pause the process has ended already.
      const { code } = pause === undefined ? await current.ended : { code: 0 };
      return code === 0;
    },
  };

  function begin() {
    const startedAt = performance.now();
    const forked = forkWorker(order);
    const { pid } = forked;
    const fault = forked.ready.then(
      () => {
        hasServed = true;
        log.info({ worker, pid }, 'worker ready');
      },
      (err: unknown) => err,
    );
    void forked.ended.then(async (ending) => {
      onEnded(worker);
      const err = await fault;
      if (isStopping || !hasServed) return;
      if (performance.now() - startedAt >= steadyMs) crashesInARow = 0;
      replace({ pid, ...ending }, err);
    });
    return forked;
  }

  function replace(ended: Ending & { pid: number }, err: unknown): void {
    const pauseMs = Math.min(pauseMsMin * 2 ** crashesInARow, pauseMsMax);
    crashesInARow += 1;
    log.error(
      { worker, ...ended, pauseMs, ...(err ? { err } : {}) },
      'worker exited; replacing it',
    );
    pause = setTimeout(() => {
      pause = undefined;
      current = begin();
    }, pauseMs);
  }
}
