import type { Scenario } from 'k6/options';
import type { Profile } from './settings.ts';

/** The part of a run that latency thresholds are held against. */
export const measured = 'measured';

/** Measured by spike after the storm, and by crowd with few and with many virtual users. */
export const recovered = 'recovered';
export const few = 'few';
export const many = 'many';

const warmUpSeconds = 10;

/** How the iterations of a profile arrive; `rate` is iterations a second. */
export function listParts(
  profile: Profile,
  { rate, durationSeconds }: { rate: number; durationSeconds: number | undefined },
): Record<string, Scenario> {
  switch (profile) {
    case 'smoke':
      return {
        [measured]: {
          executor: 'shared-iterations',
          vus: 2,
          iterations: 100,
          maxDuration: '60s',
        },
      };
    case 'load':
      return steadily(rate, durationSeconds ?? 60);
    case 'soak':
      return steadily(Math.max(1, Math.round(rate / 2)), durationSeconds ?? 1800);
    case 'stress':
      return { [measured]: ramp(rate, [1, 2, 3, 4, 1], 30) };
    case 'spike':
      return storm(rate);
    case 'breakpoint':
      return { [measured]: ramp(rate, [20], durationSeconds ?? 300) };
    case 'crowd':
      return { [few]: crowd(100, 0), [many]: crowd(1000, 35) };
  }
}

/** Requests arrive whether or not the server keeps up; what it is too slow for is dropped and counted. */
function steadily(rate: number, seconds: number): Record<string, Scenario> {
  return {
    warm_up: arrive(rate, warmUpSeconds, 0),
    [measured]: arrive(rate, seconds, warmUpSeconds),
  };
}

function storm(rate: number): Record<string, Scenario> {
  return {
    warm_up: arrive(rate, warmUpSeconds, 0),
    spike: arrive(rate * 5, 20, warmUpSeconds),
    // A few seconds for what still waits; a server that recovers is as fast as before then.
    [recovered]: arrive(rate, 30, warmUpSeconds + 25),
  };
}

function arrive(rate: number, seconds: number, startSeconds: number): Scenario {
  return {
    executor: 'constant-arrival-rate',
    rate,
    timeUnit: '1s',
    duration: `${seconds}s`,
    startTime: `${startSeconds}s`,
    gracefulStop: '5s',
    ...getVirtualUsers(rate),
  };
}

function ramp(rate: number, factors: readonly number[], secondsEach: number): Scenario {
  return {
    executor: 'ramping-arrival-rate',
    startRate: rate,
    timeUnit: '1s',
    stages: factors.map((factor) => ({ target: rate * factor, duration: `${secondsEach}s` })),
    gracefulStop: '5s',
    ...getVirtualUsers(rate * Math.max(...factors)),
  };
}

/** Each asks again as soon as it has its answer. */
function crowd(vus: number, startSeconds: number): Scenario {
  return {
    executor: 'constant-vus',
    vus,
    duration: '30s',
    startTime: `${startSeconds}s`,
    gracefulStop: '5s',
  };
}

/**
 * Enough for answers of 200 ms up to 1,500 a second without making new ones; ten times that at most, and never
 * above 1,000.
 */
function getVirtualUsers(rate: number): { preAllocatedVUs: number; maxVUs: number } {
  const preAllocatedVUs = Math.min(300, Math.max(10, Math.ceil(rate / 5)));
  return { preAllocatedVUs, maxVUs: Math.min(1000, preAllocatedVUs * 10) };
}
