export type OverloadListeners = {
  /** Called with the number of operations just shed. */
  onShed?: (count: number) => void;
  /** Called when overload begins, and when it ends with the number of operations shed. */
  onOverload?: (state: { isOver: boolean; shed: number }) => void;
};

/** Time after the last cause of overload until operations may queue again. */
const calmMs = 1_000;

/** Counts shed operations and tracks whether the process is overloaded. */
export function createOverload({ onShed, onOverload }: OverloadListeners) {
  let total = 0;
  let before = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  let watch: NodeJS.Timeout | null = null;
  const isOn = () => performance.now() - lastMs < calmMs;
  const check = () => {
    if (isOn() || watch === null) return;
    clearInterval(watch);
    watch = null;
    onOverload?.({ isOver: true, shed: total - before });
  };
  return {
    isOn,
    countShed: () => total,
    /** `isCause` if these operations exceeded the capacity, rather than arrived during an overload. */
    recordShed(count: number, { isCause }: { isCause: boolean }) {
      if (isCause) lastMs = performance.now();
      if (watch === null) {
        before = total;
        watch = setInterval(check, calmMs).unref();
        onOverload?.({ isOver: false, shed: count });
      }
      total += count;
      onShed?.(count);
    },
  };
}

/** Samples in the average; below a quarter of them the pace is unknown. */
const paceSamples = 128;

/** An interval above this multiple of the average is a pause, and counts no more than that. */
const pauseFactor = 4;

/**
 * The pace at which operations end while others wait, as a moving average. It starts anew with each queue:
 * the pace without a queue shows the load, not the capacity.
 */
export function createPace() {
  let samples = 0;
  let intervalMs = 0;
  let lastMs: number | null = null;
  const isKnown = () => samples >= paceSamples / 4;
  return {
    recordEnd(isBusy: boolean) {
      const now = performance.now();
      if (!isBusy) samples = 0;
      else if (lastMs !== null) {
        const intervalMax = isKnown() ? pauseFactor * intervalMs : Number.POSITIVE_INFINITY;
        samples = Math.min(samples + 1, paceSamples);
        intervalMs += (Math.min(now - lastMs, intervalMax) - intervalMs) / samples;
      }
      lastMs = isBusy ? now : null;
    },
    getWaitMs: (ahead: number) => (isKnown() ? ahead * intervalMs : 0),
  };
}
