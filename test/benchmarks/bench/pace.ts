/** How long everything is looked at, in ms. */
export type Pace = {
  repetitions: number;
  warmUpMs: number;
  roundMs: number;
  keysMs: number;
  floodRounds: number;
  floodMs: number;
  crowdMs: number;
};

/** What is reported. */
export const usual: Pace = {
  repetitions: 5,
  warmUpMs: 1_500,
  roundMs: 4_000,
  keysMs: 10_000,
  floodRounds: 3,
  floodMs: 6_000,
  crowdMs: 30_000,
};

/** To see that everything works; its figures are worth nothing. */
export const quick: Pace = {
  repetitions: 1,
  warmUpMs: 500,
  roundMs: 1_000,
  keysMs: 3_000,
  floodRounds: 1,
  floodMs: 3_000,
  crowdMs: 10_000,
};
