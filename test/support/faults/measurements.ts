import type { Sample } from './load.ts';

/** The cost of a fault as measured by the clients of the load. */
export type Measurements = {
  requests: number;
  /** The number of failed requests by code. */
  errors: Record<string, number>;
  /** From the end of the first failed request to that of the last. */
  errorWindowMs: number;
  /** The longest time without a successful request. */
  longestGapMs: number;
  /** The 99th percentile of the duration of error responses. */
  rejectionP99Ms: number;
  /** From the end of the fault until the rate of successes is as before, or null. */
  fullRateMs: number | null;
};

/** Begin and end of the fault, by performance.now(). */
export type Span = { beganAt: number; endedAt: number };

/** The share of the former rate that counts as full; the rest is the noise of a busy machine. */
const fullShare = 0.8;
const windowMs = 1_000;

/** Measures a load. Pure. */
export function measureLoad(samples: readonly Sample[], span: Span): Measurements {
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
    requests: samples.length,
    errors,
    errorWindowMs: failed.length === 0 ? 0 : Math.max(...failedAt) - Math.min(...failedAt),
    longestGapMs: measureGap(samples, span),
    rejectionP99Ms: rejections[Math.floor(rejections.length * 0.99)] ?? 0,
    fullRateMs: measureRecovery(samples, span),
  };
}

/** Whether the rate of before the fault has been reached again. */
export function hasRecovered(samples: readonly Sample[], span: Span): boolean {
  return measureRecovery(samples, span) !== null;
}

/** Whether requests that started after the fault succeed. */
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

/** The time to the first window after the fault with as many successes as before it. */
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
