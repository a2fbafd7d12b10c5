import type { Config } from '../../../config.ts';

/**
 * The configuration of each worker, with server-wide limits divided among them. The first workers get the remainder,
 * and each at least one. Limits per caller (streams, requests) are not divided, because a caller may be connected to
 * one worker only.
 */
export function splitLimits(config: Config): Config[] {
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

/** 0 stays 0, because it turns a feature off. */
function getShare(size: number, workers: number, index: number): number {
  if (size === 0) return 0;
  return Math.max(1, Math.floor(size / workers) + (index < size % workers ? 1 : 0));
}
