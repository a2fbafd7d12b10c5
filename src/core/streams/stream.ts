import type { Logger } from '../../observability/logger.ts';
import { AppError, UnavailableError } from '../app-error.ts';
import type { ObservedRequest } from '../request-telemetry.ts';

/** Where the values of a stream come from, and who may have them. */
export type StreamSource<T> = {
  /** Whose stream it is, for the limit of each. */
  owner: string;
  /** The operation that opened it, for logs. */
  request: ObservedRequest;
  /** Calls `wake` whenever there may be something new; returns how to stop that. */
  watch: (wake: () => void) => () => void;
  /** New items since the last call, in order, a page at most; empty for none. */
  read: () => Promise<readonly T[]>;
  /** Throws an AppError when anyone who opened the stream may not have it (any more). */
  recheck: () => Promise<void>;
};

/** A stream as its process sees it. */
export type LiveStream = {
  owner: string;
  recheck: () => Promise<void>;
  /** Milliseconds since the last check that went well. */
  getUncheckedMs: () => number;
  /** Milliseconds since it was opened, as long as nobody has read of it; then 0. */
  getUnreadMs: () => number;
  /** The last value is `reason`, or there is none any more. What was not delivered never is. */
  end: (reason: AppError | null) => void;
};

type OpenedStream<T> = LiveStream & { iterator: AsyncIterableIterator<T | AppError> };

/**
 * A stream that is read on demand: it holds a page at most, however slow its reader. Whatever was
 * read is delivered only after a check that began later, so that nothing is delivered that happened
 * after a revocation. `onEnd` is called once, as soon as it ends for whatever reason.
 */
export function createStream<T extends object>(
  source: StreamSource<T>,
  log: Logger,
  onEnd: () => void,
): OpenedStream<T> {
  const openedAt = performance.now();
  const state = { checkedAt: openedAt, isRead: false, isDirty: true, isEnded: false };
  const bell = createBell();
  const readPage = createPageReader(source, recheck);
  let page: T[] = [];
  let lastWord: AppError | null = null;
  const stopWatching = source.watch(() => {
    state.isDirty = true;
    bell.ring();
  });

  async function recheck(): Promise<void> {
    if (state.isEnded) return;
    await source.recheck();
    state.checkedAt = performance.now();
    // What could not be read or checked before may be now.
    if (state.isDirty) bell.ring();
  }

  function end(reason: AppError | null): void {
    if (state.isEnded) return;
    state.isEnded = true;
    lastWord = reason;
    stopWatching();
    onEnd();
    bell.ring();
  }

  async function fill(): Promise<void> {
    if (!state.isDirty) return await bell.wait();
    state.isDirty = false;
    try {
      page = [...(await readPage())];
      // Another page may follow.
      if (page.length > 0) state.isDirty = true;
    } catch (error) {
      await bear(error);
    }
  }

  /** The next check of all streams goes on where only the database was away, or ends the stream. */
  async function bear(error: unknown): Promise<void> {
    state.isDirty = true;
    if (state.isEnded) return;
    if (error instanceof UnavailableError) return await bell.wait();
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
    const value = lastWord;
    lastWord = null;
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

/** Reads a page and checks it; one whose check failed is checked again before any other is read. */
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

/** Lets one wait until somebody rings. */
function createBell(): { ring: () => void; wait: () => Promise<void> } {
  let wakeUp: (() => void) | null = null;
  return {
    ring: () => wakeUp?.(),
    wait: () =>
      new Promise((resolve) => {
        wakeUp = resolve;
      }),
  };
}

/**
 * Not a generator: the `return` of one waits until its `next` has something, and anyone who leaves should
 * be rid of at once.
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
