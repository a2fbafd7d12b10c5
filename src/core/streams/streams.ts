import { createIdleJob } from '../../lib/repeating-job.ts';
import type { Logger } from '../../observability/logger.ts';
import { AppError, RateLimitedError, UnavailableError } from '../app-error.ts';
import { listLogIds } from '../request-telemetry.ts';
import { createStream, type LiveStream, type StreamSource } from './stream.ts';

/** How many streams may be open at once. */
export type StreamLimits = { perOwnerMax: number; perProcessMax: number };

/** All streams of this process. */
export type Streams = {
  /**
   * A stream that ends with an error as its last value when its source's `recheck` throws one. Throws
   * RateLimitedError beyond what its owner may have, UnavailableError beyond what the process bears.
   */
  open<T extends object>(source: StreamSource<T>): AsyncIterableIterator<T | AppError>;
  /** How many are open. */
  count(): number;
  /** Ends them all, and opens no more. */
  close(): Promise<void>;
};

/**
 * How often every stream is checked, whatever happens: together with one check for all of them a
 * revoked credential is noticed well within a second, no matter who revoked it and in which process.
 */
const recheckEveryMs = 400;

/** A stream whose check has failed for so long, because the database is away, ends. */
const uncheckedMsMax = 30_000;

/** Who opened a stream and never asked for its first value has gone meanwhile. */
const unreadMsMax = 5_000;

/** With a log whose lines name the request that opened it. */
type NamedStream = LiveStream & { log: Logger };

export function createStreams(limits: StreamLimits, log: Logger): Streams {
  const streams = new Set<NamedStream>();
  let isClosing = false;

  const job = createIdleJob({
    everyMs: recheckEveryMs,
    run: async () => {
      await Promise.all([...streams].map(recheck));
    },
    onError: (err) => log.error({ err }, 'subscriptions could not be checked'),
  });

  async function recheck(stream: NamedStream): Promise<void> {
    try {
      await stream.recheck();
    } catch (error) {
      const isPassing = error instanceof UnavailableError;
      if (isPassing && stream.getUncheckedMs() < uncheckedMsMax) return;
      if (!(error instanceof AppError)) {
        stream.log.error({ err: error }, 'subscription could not be checked');
      }
      stream.end(error instanceof AppError ? error : new UnavailableError());
    }
    if (stream.getUnreadMs() > unreadMsMax) stream.end(null);
  }

  function assertRoom(owner: string): void {
    if (isClosing) throw new UnavailableError();
    if (streams.size >= limits.perProcessMax) {
      const message = 'Too many streams are open on this server. Please try again later.';
      throw new UnavailableError(message, 5, { isOverload: true });
    }
    const own = [...streams].filter((stream) => stream.owner === owner);
    if (own.length >= limits.perOwnerMax) {
      const message = `You have ${own.length} streams open, which is the maximum.`;
      throw new RateLimitedError(message, 5);
    }
  }

  return {
    open(source) {
      assertRoom(source.owner);
      job.begin();
      const ownLog = log.child(listLogIds(source.request));
      const stream = { ...createStream(source, ownLog, () => streams.delete(stream)), log: ownLog };
      streams.add(stream);
      return stream.iterator;
    },
    count: () => streams.size,
    async close() {
      isClosing = true;
      for (const stream of streams) stream.end(new UnavailableError());
      await job.stop();
    },
  };
}
