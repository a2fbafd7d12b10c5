/** Of a closed loop: each asks one thing at a time. */
export const connections = 32;

/** How long everything is looked at, in ms. */
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

/** What is reported. */
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

/** To see that everything works; its figures are worth nothing. */
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
