import type { LoadResult, Reply } from './client.ts';

/** The results of one load. */
export type Figures = {
  seconds: number;
  /** Requests sent per second. */
  offeredPerSecond: number;
  /** Successful responses per second. */
  goodput: number;
  accepted: number;
  rejected: number;
  failed: number;
  unsent: number;
  /** Latencies in ms, of accepted requests and of rejected ones. */
  p50: number;
  p99: number;
  rejectedP50: number;
  /** The part of the latencies that the client may have added. */
  clientLagMs: number;
};

export function count({ replies, unsent, lagMs }: LoadResult, seconds: number): Figures {
  const accepted = replies.filter(({ outcome }) => outcome === 'accepted');
  const rejected = replies.filter(({ outcome }) => outcome === 'rejected');
  return {
    seconds,
    offeredPerSecond: replies.length / seconds,
    goodput: accepted.length / seconds,
    accepted: accepted.length,
    rejected: rejected.length,
    failed: replies.length - accepted.length - rejected.length,
    unsent,
    p50: getQuantile(accepted, 0.5),
    p99: getQuantile(accepted, 0.99),
    rejectedP50: getQuantile(rejected, 0.5),
    clientLagMs: lagMs,
  };
}

/** A quantile in ms; NaN without responses. */
export function getQuantile(replies: readonly Reply[], share: number): number {
  const sorted = replies.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** The second from which on nothing was rejected and p99 stayed within `p99Max`. */
export function findRecovery({ replies }: LoadResult, p99Max: number): number {
  const last = Math.ceil(Math.max(...replies.map(({ at }) => at)));
  for (let second = last; second > 0; second -= 1) {
    const within = replies.filter(({ at }) => Math.floor(at) === second - 1);
    const isCalm = within.every(({ outcome }) => outcome === 'accepted');
    if (!isCalm || getQuantile(within, 0.99) > p99Max) return second;
  }
  return 0;
}

export function describe(name: string, figures: Figures): string {
  const {
    offeredPerSecond,
    goodput,
    p50,
    p99,
    rejected,
    rejectedP50,
    failed,
    unsent,
    clientLagMs,
  } = figures;
  return [
    name.padEnd(28),
    `${Math.round(offeredPerSecond)} sent/s, ${Math.round(goodput)} succeeded/s,`,
    `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms;`,
    rejected > 0 ? `rejected ${rejected} (p50 ${rejectedP50.toFixed(1)} ms);` : 'none rejected;',
    `failed ${failed}${unsent > 0 ? `, unsent ${unsent}` : ''};`,
    `client delay ${clientLagMs.toFixed(1)} ms at p99`,
  ].join(' ');
}

/** The p50 and p99 of accepted requests, for each kind. */
export function listQuantiles({ replies }: LoadResult, kinds: readonly string[]): string {
  return kinds
    .map((name) => {
      const own = replies.filter(({ kind, outcome }) => kind === name && outcome === 'accepted');
      const figures = [0.5, 0.99].map((share) => getQuantile(own, share).toFixed(1));
      return `${name} ${own.length} p50 ${figures[0]} p99 ${figures[1]}`;
    })
    .join(', ');
}
