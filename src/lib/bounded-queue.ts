/** Runs work a few at a time, keeps a few more waiting in order, and refuses the rest. */
export type BoundedQueue = {
  /** Called whenever something more runs or waits; replaces the one before. */
  onEntered(listener: () => void): void;
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Whether `run` would reject now. */
  isFull(): boolean;
  stats(): { running: number; queued: number };
};

/** Raised by `run` when every place, running and waiting, is taken. The work was not started. */
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
 * turn; it settles as the work does, and a work that fails, also by a plain throw, frees its place.
 * Raises RangeError for a `concurrency` below 1 or a `maxQueued` below 0.
 */
export function createBoundedQueue(bounds: {
  concurrency: number;
  maxQueued: number;
}): BoundedQueue {
  const { concurrency, maxQueued } = bounds;
  if (!(concurrency >= 1 && maxQueued >= 0)) throw new RangeError('A queue needs a place to run');
  const waiting: (() => void)[] = [];
  let running = 0;
  let tellEntered = () => {};

  /** Hands the place straight to the next in line, so that a newcomer cannot slip in between. */
  function leave(): void {
    const startNext = waiting.shift();
    if (startNext === undefined) running -= 1;
    else startNext();
  }

  const isFull = () => running >= concurrency && waiting.length >= maxQueued;

  async function enter(): Promise<void> {
    if (running < concurrency) {
      running += 1;
      tellEntered();
      return;
    }
    if (isFull()) throw new QueueFullError();
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
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
    isFull,
    stats: () => ({ running, queued: waiting.length }),
  };
}
