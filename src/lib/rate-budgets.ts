/** Rate limits per name, within this process. */
export type RateBudgets = {
  /** Seconds until the next use is allowed; 0 if it is, as for a new name. */
  getWaitSeconds(name: string): number;
  /** Takes one use and returns 0, or takes nothing and returns the seconds to wait. */
  take(name: string): number;
  /** Discards the budget of a name. */
  forget(name: string): void;
};

/** The uses left at a time, in ms of a monotonic clock. */
type Budget = { left: number; at: number };

const minuteMs = 60_000;

/**
 * Token buckets: each name has `perMinute` uses, which refill evenly within a minute. A name unused for a minute has a
 * full bucket and is discarded, so memory holds the names of the last two minutes. `now` is a monotonic clock in ms.
 */
export function createRateBudgets(
  perMinute: number,
  now: () => number = () => performance.now(),
): RateBudgets {
  const budgets = new Map<string, Budget>();
  let sweptAt = now();

  function getLeft(name: string): number {
    const budget = budgets.get(name);
    if (budget === undefined) return perMinute;
    const regained = ((now() - budget.at) / minuteMs) * perMinute;
    return Math.min(perMinute, budget.left + regained);
  }

  function toWaitSeconds(left: number): number {
    return left >= 1 ? 0 : Math.ceil((((1 - left) / perMinute) * minuteMs) / 1_000);
  }

  function sweep(): void {
    if (now() - sweptAt < minuteMs) return;
    sweptAt = now();
    for (const [name, { at }] of budgets) {
      if (sweptAt - at >= minuteMs) budgets.delete(name);
    }
  }

  return {
    getWaitSeconds: (name) => toWaitSeconds(getLeft(name)),
    take(name) {
      sweep();
      const left = getLeft(name);
      if (left >= 1) budgets.set(name, { left: left - 1, at: now() });
      return toWaitSeconds(left);
    },
    forget(name) {
      budgets.delete(name);
    },
  };
}
