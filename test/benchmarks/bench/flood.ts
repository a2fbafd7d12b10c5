import { getMedian } from '../stage.ts';
import { type Answers, runLoad } from './client.ts';
import type { Request } from './expect.ts';
import { checkAnswers, findPort, findQuantile } from './measure.ts';
import type { Pace } from './pace.ts';

/** How session checks fare while people sign in at twice the rate at which passwords can be hashed. */
export type Flood = {
  /** Of each round, with the sign-ins against without. */
  p99Growth: number;
  quietP99: number;
  floodP99: number;
  /** Per second, of those that were offered. */
  signedIn: number;
  refused: number;
  /** Session checks that were refused or wrong. */
  failures: number;
  firstFault: string | null;
};

/** So many that none is the client's to run out of; they are opened as they are needed. */
const connections = 2_000;
/** A moderate rate: a server that is not busy otherwise. */
export const checksPerSecond = 200;

/**
 * Session checks and sign-ins arrive by the clock, each from a thread of its own. Raises where a check fails
 * in quiet, or a sign-in other than by being asked to come back later.
 */
export async function measureFlood(
  url: string,
  asked: { checks: readonly Request[]; signIns: readonly Request[]; hashesPerSecond: number },
  { floodRounds, floodMs: milliseconds }: Pace,
): Promise<Flood> {
  const port = findPort(url);
  const check = () =>
    runLoad({
      port,
      requests: asked.checks,
      connections,
      milliseconds,
      perSecond: checksPerSecond,
    });
  const flood = () =>
    runLoad({
      port,
      requests: asked.signIns,
      connections,
      milliseconds,
      perSecond: 2 * asked.hashesPerSecond,
    });
  const found: { quiet: number; flooded: number; signIns: Answers }[] = [];
  let failures = 0;
  let firstFault: string | null = null;
  for (let round = 0; round < floodRounds; round += 1) {
    const quiet = await check();
    const [flooded, signIns] = await Promise.all([check(), flood()]);
    checkAnswers(quiet);
    failures += flooded.refused + flooded.wrong;
    firstFault ??= flooded.firstFault;
    if (signIns.wrong > 0) throw new Error(`a sign-in failed: ${signIns.firstFault}`);
    found.push({
      quiet: findQuantile(quiet, 0.99),
      flooded: findQuantile(flooded, 0.99),
      signIns,
    });
  }
  const median = (pick: (one: (typeof found)[number]) => number) => getMedian(found.map(pick));
  return {
    p99Growth: median(({ quiet, flooded }) => flooded / quiet),
    quietP99: median(({ quiet }) => quiet),
    floodP99: median(({ flooded }) => flooded),
    signedIn: median(({ signIns }) => signIns.times.length / (milliseconds / 1_000)),
    refused: median(({ signIns }) => signIns.refused / (milliseconds / 1_000)),
    failures,
    firstFault,
  };
}
