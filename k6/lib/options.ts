import type { Options, Threshold } from 'k6/options';
import { few, listParts, many, measured, recovered } from './profiles.ts';
import { type Profile, settings } from './settings.ts';

/** The promise for an operation. */
export type Promised = {
  /** At most this many milliseconds at p95, under the load profile. */
  p95Ms: number;
  /** The measured time, where it is not the whole time of the request. */
  metric?: string;
};

/** The options of a scenario: how its iterations arrive, and what is held against each operation. */
export function createOptions(
  promises: Record<string, Promised>,
  { rate, ...rest }: { rate: number } & Options,
): Options {
  const { profile, durationSeconds } = settings;
  return {
    scenarios: listParts(profile, { rate: settings.rate ?? rate, durationSeconds }),
    thresholds: listThresholds(profile, promises),
    summaryTrendStats: ['avg', 'min', 'med', 'p(95)', 'p(99)', 'max', 'count'],
    setupTimeout: '5m',
    teardownTimeout: '2m',
    ...rest,
  };
}

type Thresholds = Record<string, Threshold[]>;

function listThresholds(profile: Profile, promises: Record<string, Promised>): Thresholds {
  // Also of what has no promise of its own.
  const thresholds: Thresholds = { operation_failures: [listFailureBar(profile)] };
  for (const [operation, promised] of Object.entries(promises)) {
    thresholds[`operation_failures{operation:${operation}}`] = [listFailureBar(profile)];
    thresholds[`http_reqs{operation:${operation}}`] = ['count>0'];
    Object.assign(thresholds, listLatencyBars(profile, operation, promised));
  }
  return { ...thresholds, ...listWholeBars(profile) };
}

/** Beyond what a server can do it says so, and quickly; below that it fails nobody. */
function listFailureBar(profile: Profile): string {
  const isOverload = profile === 'stress' || profile === 'spike' || profile === 'breakpoint';
  return isOverload ? 'rate<0.01' : 'rate==0';
}

function listLatencyBars(
  profile: Profile,
  operation: string,
  { p95Ms, metric = 'http_req_duration' }: Promised,
): Thresholds {
  const during = (part: string) => `${metric}{scenario:${part},operation:${operation}}`;
  if (profile === 'load' || profile === 'soak') return { [during(measured)]: [`p(95)<=${p95Ms}`] };
  if (profile === 'spike') return { [during(recovered)]: [`p(95)<=${p95Ms}`] };
  if (profile !== 'breakpoint') return {};
  const broken = { threshold: `p(95)<=${p95Ms * 20}`, abortOnFail: true, delayAbortEval: '10s' };
  return { [during(measured)]: [broken] };
}

function listWholeBars(profile: Profile): Thresholds {
  const dropped = (part: string) => `dropped_iterations{scenario:${part}}`;
  switch (profile) {
    case 'load':
    case 'soak':
      return { [dropped(measured)]: ['count==0'] };
    case 'spike':
      return { [dropped(recovered)]: ['count==0'] };
    case 'breakpoint':
      // The first that is dropped is the point looked for.
      return { [dropped(measured)]: [{ threshold: 'count==0', abortOnFail: true }] };
    case 'crowd':
      // Always held: named here so that the summary has the figures that verdict.ts compares.
      return {
        [`http_req_duration{scenario:${few}}`]: ['p(95)>=0'],
        [`http_req_duration{scenario:${many}}`]: ['p(95)>=0'],
      };
    default:
      return {};
  }
}
