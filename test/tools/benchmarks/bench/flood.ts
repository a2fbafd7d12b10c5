import { getMedian } from '../stage.ts';
import { type Responses, runLoad } from './client.ts';
import { checkResponses, findPort, findQuantile, type LoadTarget } from './measure.ts';
import type { Pace } from './pace.ts';

/** Session checks while sign-ins arrive at twice the rate at which passwords can be hashed. */
export type Flood = {
  /** The p99 with sign-ins divided by that without, within a round. All figures are medians of the rounds. */
  p99Growth: number;
  quietP99Ms: number;
  floodP99Ms: number;
  /** Per second. */
  signedIn: number;
  rejected: number;
  /** Session checks that were rejected or wrong. */
  failures: number;
  /** The same ratio for a server without sign-ins on the same machine, which shows the effect of the machine alone. */
  bystanderGrowth: number;
  firstFailure: string | null;
};

/** Enough for all arrivals; opened on demand. */
const connections = 2_000;
/** A moderate rate, at which the server is mostly idle. */
export const checksPerSecond = 200;

/** A server and its requests. */
type Target = Pick<LoadTarget, 'url' | 'requests'>;

/**
 * Session checks and sign-ins arrive at fixed times, each from its own thread. The bystander gets its checks while the
 * sign-ins go to our server. Throws if a check fails without sign-ins or at the bystander, or if a sign-in fails
 * other than by load shedding.
 */
export async function measureFlood(
  loads: { checks: Target; signIns: Target; bystander: Target; hashesPerSecond: number },
  { floodRounds, floodMs: milliseconds }: Pace,
): Promise<Flood> {
  const arrive = ({ url, requests }: Target, perSecond: number) =>
    runLoad({ port: findPort(url), requests, connections, milliseconds, perSecond });
  const compare = async (checks: Target) => {
    const quiet = await arrive(checks, checksPerSecond);
    checkResponses(quiet);
    const [flooded, signIns] = await Promise.all([
      arrive(checks, checksPerSecond),
      arrive(loads.signIns, 2 * loads.hashesPerSecond),
    ]);
    if (signIns.wrong > 0) throw new Error(`a sign-in failed: ${signIns.firstFailure}`);
    const [quietP99Ms, floodP99Ms] = [findQuantile(quiet, 0.99), findQuantile(flooded, 0.99)];
    return { quietP99Ms, floodP99Ms, growth: floodP99Ms / quietP99Ms, flooded, signIns };
  };
  const found: { own: Compared; bystander: Compared }[] = [];
  for (let round = 0; round < floodRounds; round += 1) {
    const own = await compare(loads.checks);
    const bystander = await compare(loads.bystander);
    checkResponses(bystander.flooded);
    found.push({ own, bystander });
  }
  const median = (pick: (one: (typeof found)[number]) => number) => getMedian(found.map(pick));
  return {
    p99Growth: median(({ own }) => own.growth),
    quietP99Ms: median(({ own }) => own.quietP99Ms),
    floodP99Ms: median(({ own }) => own.floodP99Ms),
    signedIn: median(({ own }) => own.signIns.times.length / (milliseconds / 1_000)),
    rejected: median(({ own }) => own.signIns.rejected / (milliseconds / 1_000)),
    failures: found.reduce(
      (sum, { own: { flooded } }) => sum + flooded.rejected + flooded.wrong,
      0,
    ),
    firstFailure:
      found.map(({ own }) => own.flooded.firstFailure).find((failure) => failure !== null) ?? null,
    bystanderGrowth: median(({ bystander }) => bystander.growth),
  };
}

/** Checks without and with sign-ins, in one round. */
type Compared = {
  quietP99Ms: number;
  floodP99Ms: number;
  growth: number;
  flooded: Responses;
  signIns: Responses;
};
