import type { LoadResult, Reply } from './client.ts';

/** What one load came to. */
export type Figures = {
  seconds: number;
  /** Requests that were asked, each second. */
  offeredPerSecond: number;
  /** Responses that were what was asked for, each second. */
  goodput: number;
  accepted: number;
  rejected: number;
  failed: number;
  unsent: number;
  /** Milliseconds of what was accepted, and the median of what was rejected. */
  p50: number;
  p99: number;
  rejectedP50: number;
  /** Of these, what the client itself may have added. */
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

/** Milliseconds; not a number where there is nothing. */
export function getQuantile(replies: readonly Reply[], share: number): number {
  const sorted = replies.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** From which second on nothing was rejected and the slowest in a hundred stayed within `p99Max`. */
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
    `${Math.round(offeredPerSecond)} asked/s, ${Math.round(goodput)} done/s,`,
    `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms;`,
    rejected > 0 ? `rejected ${rejected} (p50 ${rejectedP50.toFixed(1)} ms);` : 'none rejected;',
    `failed ${failed}${unsent > 0 ? `, unsent ${unsent}` : ''};`,
    `client late by ${clientLagMs.toFixed(1)} ms at p99`,
  ].join(' ');
}

/** The median and the slowest in a hundred of what was accepted, for each kind. */
export function listQuantiles({ replies }: LoadResult, kinds: readonly string[]): string {
  return kinds
    .map((name) => {
      const own = replies.filter(({ kind, outcome }) => kind === name && outcome === 'accepted');
      const figures = [0.5, 0.99].map((share) => getQuantile(own, share).toFixed(1));
      return `${name} ${own.length} p50 ${figures[0]} p99 ${figures[1]}`;
    })
    .join(', ');
}
