export type OverloadListeners = {
  /** Called with how many were turned away just now. */
  onRefused?: (count: number) => void;
  /** More came than could be done in time; called when that begins, and with the refused when it is over. */
  onOverload?: (state: { isOver: boolean; refused: number }) => void;
};

/** After so long without a refusal the overload is over. */
const calmMs = 1_000;

/** Counts what is turned away, and remembers whether more comes than can be done. */
export function createOverload({ onRefused, onOverload }: OverloadListeners) {
  let total = 0;
  let before = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  let watch: NodeJS.Timeout | null = null;
  const isOn = () => performance.now() - lastMs < calmMs;
  const look = () => {
    if (isOn() || watch === null) return;
    clearInterval(watch);
    watch = null;
    onOverload?.({ isOver: true, refused: total - before });
  };
  return {
    isOn,
    countRefused: () => total,
    noteRefused(count: number) {
      lastMs = performance.now();
      if (watch === null) {
        before = total;
        watch = setInterval(look, calmMs).unref();
        onOverload?.({ isOver: false, refused: count });
      }
      total += count;
      onRefused?.(count);
    },
  };
}

/** So many ends make the average; fewer than a quarter of it say nothing yet. */
const paceSamples = 128;

/**
 * How fast operations end while others wait, as a moving average; what it was when nobody waited says
 * nothing of what can be done. A pause is one long interval, and moves it little.
 */
export function createPace() {
  let samples = 0;
  let intervalMs = 0;
  let lastMs: number | null = null;
  return {
    noteEnd(isBusy: boolean) {
      const now = performance.now();
      if (isBusy && lastMs !== null) {
        samples = Math.min(samples + 1, paceSamples);
        intervalMs += (now - lastMs - intervalMs) / samples;
      }
      lastMs = isBusy ? now : null;
    },
    getWaitMs: (ahead: number) => (samples < paceSamples / 4 ? 0 : ahead * intervalMs),
  };
}
