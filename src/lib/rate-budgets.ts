/** How often each of many names may do something, within this process. */
export type RateBudgets = {
  /** Seconds until there is room for one more; 0 where there is, as for a name never seen. */
  getWaitSeconds(name: string): number;
  /** Takes one and answers 0, or takes nothing and returns the seconds to wait. */
  take(name: string): number;
  /** Nothing is known of the name any more. */
  forget(name: string): void;
};

/** How much of a budget was left, and when (ms of a clock that only goes forward). */
type Budget = { left: number; at: number };

const minuteMs = 60_000;

/** Bounds nobody. */
export const unlimited: RateBudgets = {
  getWaitSeconds: () => 0,
  take: () => 0,
  forget: () => undefined,
};

/**
 * Token buckets: each name may do `perMinute` at once, and gets as much back in a minute, evenly. A name
 * unused for a minute is as good as new and forgotten, so memory holds the names of the last two
 * minutes. `now` is a clock in ms that only goes forward.
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
