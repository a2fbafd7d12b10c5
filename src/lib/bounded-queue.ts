/** Runs a limited amount of work at a time, queues some more in order, and rejects the rest. */
export type BoundedQueue = {
  /** Sets the listener that is called whenever more work runs or waits. */
  onEntered(listener: () => void): void;
  run<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Runs work that precedes a `run`, with a slot reserved, so that nothing is prepared that is rejected later. Rejects
   * with QueueFullError without a free slot, before any work. The `run` must follow at once: the slot is not reserved
   * after `prepare`.
   */
  prepare<T>(work: () => Promise<T>): Promise<T>;
  stats(): { running: number; queued: number; preparing: number };
};

/** All slots were taken, or none became free in time. The work was not started. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';

  constructor() {
    super('The queue is full');
  }
}

/**
 * Creates a queue that bounds both running and waiting work, so that under overload some callers fail at once
 * instead of all of them late.
 *
 * `run` promises: at most `concurrency` at a time, in order of arrival; with `maxQueued` waiting it rejects with
 * QueueFullError in the same turn, and otherwise after waiting for `waitMsMax` milliseconds, if given; it settles as
 * the work does, and failed work, also by a plain throw, frees its slot.
 * @throws RangeError for a `concurrency` below 1 or a `maxQueued` below 0
 */
export function createBoundedQueue(bounds: {
  concurrency: number;
  maxQueued: number;
  waitMsMax?: number;
}): BoundedQueue {
  const { concurrency, maxQueued, waitMsMax } = bounds;
  if (!(concurrency >= 1 && maxQueued >= 0)) throw new RangeError('A queue needs a slot to run');
  const waiting = new Set<() => void>();
  let running = 0;
  let preparing = 0;
  let notifyEntered = () => {};

  /** Passes the slot directly to the next in the queue, so that new work cannot overtake it. */
  function release(): void {
    const [startNext] = waiting;
    if (startNext === undefined) running -= 1;
    else startNext();
  }

  function assertCapacity(): void {
    const hasCapacity = running + waiting.size + preparing < concurrency + maxQueued;
    if (!hasCapacity) throw new QueueFullError();
  }

  async function enter(): Promise<void> {
    assertCapacity();
    if (running < concurrency) {
      running += 1;
      notifyEntered();
      return;
    }
    await waitForTurn();
  }

  function waitForTurn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        waiting.delete(start);
        reject(new QueueFullError());
      };
      const timer = waitMsMax === undefined ? undefined : setTimeout(giveUp, waitMsMax);
      const start = () => {
        clearTimeout(timer);
        waiting.delete(start);
        resolve();
      };
      waiting.add(start);
      notifyEntered();
    });
  }

  return {
    onEntered(listener) {
      notifyEntered = listener;
    },
    async run(work) {
      await enter();
      try {
        return await work();
      } finally {
        release();
      }
    },
    async prepare(work) {
      assertCapacity();
      preparing += 1;
      try {
        return await work();
      } finally {
        preparing -= 1;
      }
    },
    stats: () => ({ running, queued: waiting.size, preparing }),
  };
}
