import type { Logger } from '../../../observability/logger.ts';
import type { CollectedMetrics } from '../../../observability/metrics.ts';
import { type Ending, forkWorker } from './fork.ts';
import type { StartOrder } from './messages.ts';

/** A worker for the life of the server, whatever becomes of its process. */
export type KeptWorker = {
  /** The server's origin; rejects, and replaces nothing, where the first process cannot serve. */
  ready: Promise<string>;
  count(): Promise<CollectedMetrics | null>;
  /** Ends it in order; false where that was not possible. */
  stop(): Promise<boolean>;
};

export type KeepOptions = {
  log: Logger;
  /** A process has ended, and nothing of it is to be had any more. */
  onEnded: (worker: number) => void;
  /** An orderly end that takes longer is not waited for. */
  stopMsMax: number;
};

const pauseMsMin = 100;
const pauseMsMax = 30_000;
/** Who has served for so long did not end by its start: the next end is the first again. */
const steadyMs = 60_000;

/**
 * Keeps one worker serving: a process that ends is replaced, after a pause that doubles from 0.1 s to
 * 30 s as long as each ends within a minute, so that one which cannot live does not take a core for dying.
 */
export function keepWorker(order: StartOrder, options: KeepOptions): KeptWorker {
  const { worker } = order;
  const { log, onEnded, stopMsMax } = options;
  let isStopping = false;
  let hasServed = false;
  let endsInARow = 0;
  let pause: NodeJS.Timeout | undefined;
  let current = begin();
  return {
    ready: current.ready,
    count: () => current.count(),
    async stop() {
      isStopping = true;
      clearTimeout(pause);
      current.stop(stopMsMax);
      // Who waits to be replaced has ended before, and was notified of then.
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
      if (performance.now() - startedAt >= steadyMs) endsInARow = 0;
      replace({ pid, ...ending }, err);
    });
    return forked;
  }

  function replace(ended: Ending & { pid: number }, err: unknown): void {
    const pauseMs = Math.min(pauseMsMin * 2 ** endsInARow, pauseMsMax);
    endsInARow += 1;
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
