import type { Sample } from './load.ts';

/** What a fault cost, as the clients of the load saw it. */
export type Figures = {
  answers: number;
  /** How many requests ended with each code other than success. */
  errors: Record<string, number>;
  /** From the first failed request's end to the last one's. */
  errorWindowMs: number;
  /** The longest time in which nothing at all succeeded. */
  longestGapMs: number;
  /** The slowest error that was answered, at the 99th percentile. */
  rejectionP99Ms: number;
  /** From the end of the fault until a second brought as many answers as before it. */
  fullRateMs: number | null;
};

/** When the fault began and ended, on the clock of performance.now(). */
export type Span = { beganAt: number; endedAt: number };

/** The part of the former rate that counts as full: what is left is the noise of a busy machine. */
const fullShare = 0.8;
const windowMs = 1_000;

/** Reads them off a load. Pure. */
export function measureFigures(samples: readonly Sample[], span: Span): Figures {
  const during = samples.filter(({ endedAt }) => endedAt >= span.beganAt);
  const failed = during.filter(({ code }) => code !== null);
  const failedAt = failed.map(({ endedAt }) => endedAt);
  const errors: Record<string, number> = {};
  for (const { code } of failed) errors[code ?? ''] = (errors[code ?? ''] ?? 0) + 1;
  const rejections = failed
    .filter(({ code }) => code !== 'CONNECTION')
    .map(({ startedAt, endedAt }) => endedAt - startedAt)
    .sort((a, b) => a - b);
  return {
    answers: samples.length,
    errors,
    errorWindowMs: failed.length === 0 ? 0 : Math.max(...failedAt) - Math.min(...failedAt),
    longestGapMs: measureGap(samples, span),
    rejectionP99Ms: rejections[Math.floor(rejections.length * 0.99)] ?? 0,
    fullRateMs: measureRecovery(samples, span),
  };
}

/** Whether the rate of before the fault has been reached again by now. */
export function hasRecovered(samples: readonly Sample[], span: Span): boolean {
  return measureRecovery(samples, span) !== null;
}

/** Whether requests that were begun after the fault succeed. */
export function isServedAgain(samples: readonly Sample[], { endedAt }: Span): boolean {
  return samples.filter(({ code, startedAt }) => code === null && startedAt > endedAt).length > 20;
}

function measureGap(samples: readonly Sample[], { beganAt }: Span): number {
  const successes = samples.filter(({ code }) => code === null).map(({ endedAt }) => endedAt);
  let longest = 0;
  for (const [index, at] of successes.entries()) {
    if (at >= beganAt && index > 0) longest = Math.max(longest, at - (successes[index - 1] ?? at));
  }
  return longest;
}

/** The first window after the end whose successes are as many as before the beginning. */
function measureRecovery(samples: readonly Sample[], { beganAt, endedAt }: Span): number | null {
  const successes = samples.filter(({ code }) => code === null).map((sample) => sample.endedAt);
  const [firstAt = beganAt] = successes;
  const lastAt = successes.at(-1) ?? 0;
  const before = successes.filter((at) => at < beganAt).length / Math.max(1, beganAt - firstAt);
  for (let from = endedAt; from + windowMs <= lastAt; from += 50) {
    const count = successes.filter((at) => at >= from && at < from + windowMs).length;
    if (count / windowMs >= before * fullShare) return from - endedAt;
  }
  return null;
}
