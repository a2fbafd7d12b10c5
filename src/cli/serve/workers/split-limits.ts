import type { Config } from '../../../config.ts';

/**
 * The configuration of each worker: what is a size of the server, divided, so that together they take
 * what one process would. The first get what cannot be divided, and nobody less than one.
 *
 * Not divided is what would then bind before it should, since a caller may be with one worker alone: streams and
 * requests of one caller.
 */
export function shareOut(config: Config): Config[] {
  const { workers, server, database, passwords, streams } = config;
  return Array.from({ length: workers }, (_, index) => {
    const share = (size: number) => getShare(size, workers, index);
    return {
      ...config,
      server: {
        ...server,
        inFlightMax: share(server.inFlightMax),
        inFlightQueueMax: share(server.inFlightQueueMax),
      },
      database: { ...database, poolSize: share(database.poolSize) },
      passwords: {
        ...passwords,
        concurrency: share(passwords.concurrency),
        queueMax: share(passwords.queueMax),
      },
      streams: { ...streams, perProcessMax: share(streams.perProcessMax) },
    };
  });
}

/** Nothing of nothing: 0 switches something off, for every worker. */
function getShare(size: number, workers: number, index: number): number {
  if (size === 0) return 0;
  return Math.max(1, Math.floor(size / workers) + (index < size % workers ? 1 : 0));
}
