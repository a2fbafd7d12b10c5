import { getMedian } from '../stage.ts';
import { type Answers, runLoad } from './client.ts';
import { type Contestant, checkAnswers, findPort, findQuantile } from './measure.ts';
import type { Pace } from './pace.ts';

/** How session checks fare while people sign in at twice the rate at which passwords can be hashed. */
export type Flood = {
  /** With the sign-ins against without, in one round; like all figures here the median of the rounds. */
  p99Growth: number;
  quietP99Ms: number;
  floodP99Ms: number;
  /** Per second, of those that were offered. */
  signedIn: number;
  refused: number;
  /** Session checks that were refused or wrong. */
  failures: number;
  /** As the first, of a server on the same machine that has no sign-ins to do: what the machine alone makes of it. */
  bystanderGrowth: number;
  firstFault: string | null;
};

/** So many that none is the client's to run out of; they are opened as they are needed. */
const connections = 2_000;
/** A moderate rate: a server that is not busy otherwise. */
export const checksPerSecond = 200;

/** A server, and what it is asked. */
type Asked = Pick<Contestant, 'url' | 'requests'>;

/**
 * Session checks and sign-ins arrive by the clock, each from a thread of its own; the bystander is asked for its checks
 * while the sign-ins go where they always go. Throws where a check fails in quiet or at the bystander, or a sign-in
 * other than by being asked to come back later.
 */
export async function measureFlood(
  asked: { checks: Asked; signIns: Asked; bystander: Asked; hashesPerSecond: number },
  { floodRounds, floodMs: milliseconds }: Pace,
): Promise<Flood> {
  const arrive = ({ url, requests }: Asked, perSecond: number) =>
    runLoad({ port: findPort(url), requests, connections, milliseconds, perSecond });
  const compare = async (checks: Asked) => {
    const quiet = await arrive(checks, checksPerSecond);
    checkAnswers(quiet);
    const [flooded, signIns] = await Promise.all([
      arrive(checks, checksPerSecond),
      arrive(asked.signIns, 2 * asked.hashesPerSecond),
    ]);
    if (signIns.wrong > 0) throw new Error(`a sign-in failed: ${signIns.firstFault}`);
    const [quietP99Ms, floodP99Ms] = [findQuantile(quiet, 0.99), findQuantile(flooded, 0.99)];
    return { quietP99Ms, floodP99Ms, growth: floodP99Ms / quietP99Ms, flooded, signIns };
  };
  const found: { own: Compared; bystander: Compared }[] = [];
  for (let round = 0; round < floodRounds; round += 1) {
    const own = await compare(asked.checks);
    const bystander = await compare(asked.bystander);
    checkAnswers(bystander.flooded);
    found.push({ own, bystander });
  }
  const median = (pick: (one: (typeof found)[number]) => number) => getMedian(found.map(pick));
  return {
    p99Growth: median(({ own }) => own.growth),
    quietP99Ms: median(({ own }) => own.quietP99Ms),
    floodP99Ms: median(({ own }) => own.floodP99Ms),
    signedIn: median(({ own }) => own.signIns.times.length / (milliseconds / 1_000)),
    refused: median(({ own }) => own.signIns.refused / (milliseconds / 1_000)),
    failures: found.reduce((sum, { own: { flooded } }) => sum + flooded.refused + flooded.wrong, 0),
    firstFault:
      found.map(({ own }) => own.flooded.firstFault).find((fault) => fault !== null) ?? null,
    bystanderGrowth: median(({ bystander }) => bystander.growth),
  };
}

/** Checks in quiet and during sign-ins, in one round. */
type Compared = {
  quietP99Ms: number;
  floodP99Ms: number;
  growth: number;
  flooded: Answers;
  signIns: Answers;
};
