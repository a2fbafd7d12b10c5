/** Runs work a few at a time, keeps a few more waiting in order, and refuses the rest. */
export type BoundedQueue = {
  /** Called whenever something more runs or waits; replaces the one before. */
  onEntered(listener: () => void): void;
  run<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Does what has to be done before a `run` while a place is taken for it, so that nothing is prepared that would
   * be refused then. Rejects with QueueFullError where there is no place; nothing was begun then. The `run` must follow
   * at once: the place is not kept beyond `prepare`.
   */
  prepare<T>(work: () => Promise<T>): Promise<T>;
  stats(): { running: number; queued: number; preparing: number };
};

/** Raised when every place, running and waiting, is taken, or when none came free in time. Nothing was started. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';

  constructor() {
    super('The queue is full');
  }
}

/**
 * Makes a queue that bounds both the work under way and the work waiting, so that under overload
 * some callers are told at once instead of all of them late.
 *
 * Promises of `run`: at most `concurrency` works at a time; first come, first served, and nobody
 * overtakes those who wait; with `maxQueued` waiting it rejects with QueueFullError in the same
 * turn, and after `waitMsMax` milliseconds, if that is given, no matter who still waits; it settles as the work does, and a work that
 * fails, also by a plain throw, frees its place.
 * Throws RangeError for a `concurrency` below 1 or a `maxQueued` below 0.
 */
export function createBoundedQueue(bounds: {
  concurrency: number;
  maxQueued: number;
  waitMsMax?: number;
}): BoundedQueue {
  const { concurrency, maxQueued, waitMsMax } = bounds;
  if (!(concurrency >= 1 && maxQueued >= 0)) throw new RangeError('A queue needs a place to run');
  const waiting = new Set<() => void>();
  let running = 0;
  let preparing = 0;
  let tellEntered = () => {};

  /** Hands the place straight to the next in line, so that a newcomer cannot slip in between. */
  function leave(): void {
    const [startNext] = waiting;
    if (startNext === undefined) running -= 1;
    else startNext();
  }

  function assertRoom(): void {
    const hasRoom = running + waiting.size + preparing < concurrency + maxQueued;
    if (!hasRoom) throw new QueueFullError();
  }

  async function enter(): Promise<void> {
    assertRoom();
    if (running < concurrency) {
      running += 1;
      tellEntered();
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
      tellEntered();
    });
  }

  return {
    onEntered(listener) {
      tellEntered = listener;
    },
    async run(work) {
      await enter();
      try {
        return await work();
      } finally {
        leave();
      }
    },
    async prepare(work) {
      assertRoom();
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
