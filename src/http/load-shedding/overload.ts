export type OverloadListeners = {
  /** Called with how many were shed just now. */
  onShed?: (count: number) => void;
  /** More came than could be done in time; called when that begins, and with the shed when it is over. */
  onOverload?: (state: { isOver: boolean; shed: number }) => void;
};

/** So long after the last time that a queue had to be dissolved, people may wait again. */
const calmMs = 1_000;

/** Counts what is shed, and remembers whether more comes than can be done. */
export function createOverload({ onShed, onOverload }: OverloadListeners) {
  let total = 0;
  let before = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  let watch: NodeJS.Timeout | null = null;
  const isOn = () => performance.now() - lastMs < calmMs;
  const look = () => {
    if (isOn() || watch === null) return;
    clearInterval(watch);
    watch = null;
    onOverload?.({ isOver: true, shed: total - before });
  };
  return {
    isOn,
    countShed: () => total,
    /** `isCause` where more came than could be done, and not merely came during an overload. */
    noteShed(count: number, { isCause }: { isCause: boolean }) {
      if (isCause) lastMs = performance.now();
      if (watch === null) {
        before = total;
        watch = setInterval(look, calmMs).unref();
        onOverload?.({ isOver: false, shed: count });
      }
      total += count;
      onShed?.(count);
    },
  };
}

/** So many ends make the average; fewer than a quarter of it say nothing yet. */
const paceSamples = 128;

/** A longer interval than so many usual ones is a pause, and tells little of the pace. */
const pauseFactor = 4;

/**
 * How fast operations end while others wait, as a moving average, anew for each time that somebody waits:
 * what it was when nobody did says nothing of what can be done, nor what it was an hour ago.
 */
export function createPace() {
  let samples = 0;
  let intervalMs = 0;
  let lastMs: number | null = null;
  const isKnown = () => samples >= paceSamples / 4;
  return {
    noteEnd(isBusy: boolean) {
      const now = performance.now();
      if (!isBusy) samples = 0;
      else if (lastMs !== null) {
        const most = isKnown() ? pauseFactor * intervalMs : Number.POSITIVE_INFINITY;
        samples = Math.min(samples + 1, paceSamples);
        intervalMs += (Math.min(now - lastMs, most) - intervalMs) / samples;
      }
      lastMs = isBusy ? now : null;
    },
    getWaitMs: (ahead: number) => (isKnown() ? ahead * intervalMs : 0),
  };
}
