import { createIdleJob } from '../../lib/repeating-job.ts';
import type { Logger } from '../../observability/logger.ts';
import { AppError, RateLimitedError, UnavailableError } from '../app-error.ts';
import { listLogIds } from '../request-telemetry.ts';
import { createStream, type LiveStream, type StreamSource } from './stream.ts';

/** The maximum number of open streams. */
export type StreamLimits = { perOwnerMax: number; perProcessMax: number };

/** All streams of this process. */
export type Streams = {
  /**
   * Opens a stream. If `recheck` of its source throws an AppError, that is its last value.
   * @throws RateLimitedError beyond the limit per owner, UnavailableError beyond that of the process
   */
  open<T extends object>(source: StreamSource<T>): AsyncIterableIterator<T | AppError>;
  /** The number of open streams. */
  count(): number;
  /** Ends all streams and opens no more. */
  close(): Promise<void>;
};

/**
 * The interval in which all streams are checked together: a credential revoked in any process ends its streams within
 * a second.
 */
const recheckEveryMs = 400;

/** A stream ends after its checks failed for this long, with the database unavailable. */
const uncheckedMsMax = 30_000;

/** A client that has not read its stream for this long after opening it has disconnected. */
const unreadMsMax = 5_000;

/** A stream with the log of the request that opened it. */
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
      const isTemporary = error instanceof UnavailableError;
      if (isTemporary && stream.getUncheckedMs() < uncheckedMsMax) return;
      if (!(error instanceof AppError)) {
        stream.log.error({ err: error }, 'subscription could not be checked');
      }
      stream.end(error instanceof AppError ? error : new UnavailableError());
    }
    if (stream.getUnreadMs() > unreadMsMax) stream.end(null);
  }

  function assertCapacity(owner: string): void {
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
      assertCapacity(source.owner);
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
