/** Reproducible random values for test data; not for secrets. */
export type Random = {
  /** From 0 up to but not including 1. */
  fraction: () => number;
  /** A whole number from 0 up to but not including `end`. */
  below: (end: number) => number;
  /** True with this probability. */
  isHit: (probability: number) => boolean;
  /** One of the values, with equal probability. */
  pick: <T>(values: readonly [T, ...T[]]) => T;
};

/** Mulberry32 (Tommy Ettinger, public domain): 32 bits of state, plenty for names and dates. */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  const fraction = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number) => Math.floor(fraction() * end);
  return {
    fraction,
    below,
    isHit: (probability) => fraction() < probability,
    pick: (values) => values[below(values.length)] ?? values[0],
  };
}
