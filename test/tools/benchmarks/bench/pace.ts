/** Connections of a closed loop, each with one request at a time. */
export const connections = 32;

/** Durations in milliseconds, and repetitions. */
export type Pace = {
  repetitions: number;
  hashesMs: number;
  warmUpMs: number;
  roundMs: number;
  growthMs: number;
  keysMs: number;
  floodRounds: number;
  floodMs: number;
  crowdMs: number;
};

/** The pace of the published figures. */
export const usual: Pace = {
  repetitions: 5,
  hashesMs: 2_000,
  warmUpMs: 3_000,
  roundMs: 3_000,
  growthMs: 1_500,
  keysMs: 10_000,
  floodRounds: 3,
  floodMs: 6_000,
  crowdMs: 30_000,
};

/** A short run that shows that everything works; its figures are meaningless. */
export const quick: Pace = {
  repetitions: 1,
  hashesMs: 1_000,
  warmUpMs: 500,
  roundMs: 1_000,
  growthMs: 500,
  keysMs: 3_000,
  floodRounds: 1,
  floodMs: 3_000,
  crowdMs: 10_000,
};
