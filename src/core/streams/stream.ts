import type { Logger } from '../../observability/logger.ts';
import { AppError, UnavailableError } from '../app-error.ts';
import type { ObservedRequest } from '../request-telemetry.ts';

/** The source of a stream's values, and its authorization. */
export type StreamSource<T> = {
  /** The caller, for the limit per caller. */
  owner: string;
  /** The operation that opened it, for logs. */
  request: ObservedRequest;
  /** Calls `wake` whenever there may be new items; returns a function that stops it. */
  watch: (wake: () => void) => () => void;
  /** Returns the items since the last call, in order, at most a page. */
  read: () => Promise<readonly T[]>;
  /** @throws AppError if the caller is no longer authorized */
  recheck: () => Promise<void>;
};

/** An open stream. */
export type LiveStream = {
  owner: string;
  recheck: () => Promise<void>;
  /** Milliseconds since the last successful check. */
  getUncheckedMs: () => number;
  /** Milliseconds since it was opened, or 0 once it has been read. */
  getUnreadMs: () => number;
  /** Ends the stream with `reason` as its last value, if any. Undelivered items are dropped. */
  end: (reason: AppError | null) => void;
};

type OpenedStream<T> = LiveStream & { iterator: AsyncIterableIterator<T | AppError> };

/**
 * Creates a stream that reads on demand and buffers at most a page. Items are delivered only after a check that began
 * after they were read, so that nothing that happened after a revocation is delivered. `onEnd` is called once.
 */
export function createStream<T extends object>(
  source: StreamSource<T>,
  log: Logger,
  onEnd: () => void,
): OpenedStream<T> {
  const openedAt = performance.now();
  const state = { checkedAt: openedAt, isRead: false, isDirty: true, isEnded: false };
  const wakeUp = createWakeUp();
  const readPage = createPageReader(source, recheck);
  let page: T[] = [];
  let lastValue: AppError | null = null;
  const stopWatching = source.watch(() => {
    state.isDirty = true;
    wakeUp.wake();
  });

  async function recheck(): Promise<void> {
    if (state.isEnded) return;
    await source.recheck();
    state.checkedAt = performance.now();
    // A read or check that failed before may succeed now.
    if (state.isDirty) wakeUp.wake();
  }

  function end(reason: AppError | null): void {
    if (state.isEnded) return;
    state.isEnded = true;
    lastValue = reason;
    stopWatching();
    onEnd();
    wakeUp.wake();
  }

  async function fill(): Promise<void> {
    if (!state.isDirty) return await wakeUp.wait();
    state.isDirty = false;
    try {
      page = [...(await readPage())];
      // Another page may follow.
      if (page.length > 0) state.isDirty = true;
    } catch (error) {
      await handleError(error);
    }
  }

  /** If the database is unavailable, waits for the next check of all streams; ends the stream otherwise. */
  async function handleError(error: unknown): Promise<void> {
    state.isDirty = true;
    if (state.isEnded) return;
    if (error instanceof UnavailableError) return await wakeUp.wait();
    if (!(error instanceof AppError)) log.error({ err: error }, 'subscription could not be read');
    end(error instanceof AppError ? error : new UnavailableError());
  }

  async function readNext(): Promise<IteratorResult<T | AppError>> {
    state.isRead = true;
    while (!state.isEnded) {
      const value = page.shift();
      if (value !== undefined) return { done: false, value };
      await fill();
    }
    const value = lastValue;
    lastValue = null;
    return value === null ? { done: true, value: undefined } : { done: false, value };
  }

  return {
    owner: source.owner,
    recheck,
    end,
    iterator: createIterator(readNext, () => end(null)),
    getUncheckedMs: () => performance.now() - state.checkedAt,
    getUnreadMs: () => (state.isRead ? 0 : performance.now() - openedAt),
  };
}

/** Reads and checks a page; a page whose check failed is checked again before the next read. */
function createPageReader<T>(
  source: StreamSource<T>,
  recheck: () => Promise<void>,
): () => Promise<readonly T[]> {
  let unchecked: readonly T[] = [];
  return async () => {
    if (unchecked.length === 0) unchecked = await source.read();
    if (unchecked.length > 0) await recheck();
    const page = unchecked;
    unchecked = [];
    return page;
  };
}

/** Lets one reader wait for the next wake-up. */
function createWakeUp(): { wake: () => void; wait: () => Promise<void> } {
  let resolveWait: (() => void) | null = null;
  return {
    wake: () => resolveWait?.(),
    wait: () =>
      new Promise((resolve) => {
        resolveWait = resolve;
      }),
  };
}

/**
 * Not a generator, whose `return` waits for a pending `next`: a client that leaves must end the stream at once.
 */
function createIterator<T>(
  next: () => Promise<IteratorResult<T>>,
  leave: () => void,
): AsyncIterableIterator<T> {
  const iterator: AsyncIterableIterator<T> = {
    [Symbol.asyncIterator]: () => iterator,
    next,
    async return() {
      leave();
      return { done: true, value: undefined };
    },
  };
  return iterator;
}
