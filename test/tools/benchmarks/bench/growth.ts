import { withClient } from '../../prove/arena.ts';
import { getMedian, print } from '../stage.ts';
import { judgeGrowth, type Verdict } from './bars.ts';
import type { Contest } from './contests.ts';
import { measure } from './measure.ts';
import { connections, type Pace } from './pace.ts';
import { type Servers, startOurs } from './sides.ts';

/** A database that was measured already, and what was asked of it. */
export type Measurable = { ownerUrl: string; contests: readonly Contest[] };

/**
 * Our operations among few and among many in turn, so that what the machine does meanwhile hits both. Hashing
 * knows no data, and page 1,000 exists among many alone: both are left out.
 */
export async function measureGrowth(
  small: Measurable,
  large: Measurable,
  pace: Pace,
): Promise<Verdict[]> {
  const began = performance.now();
  const [few, many] = [await startOurs(small.ownerUrl), await startOurs(large.ownerUrl)];
  try {
    const verdicts: Verdict[] = [];
    for (const { operation, side, requests } of large.contests) {
      const fewer = small.contests.find((contest) => contest.operation === operation);
      if (!few.has(side) || operation === 'sign-in' || !fewer) continue;
      const ratios = await compareInTurn(
        { servers: few, contest: fewer, ownerUrl: small.ownerUrl },
        { servers: many, contest: { operation, side, requests }, ownerUrl: large.ownerUrl },
        pace,
      );
      verdicts.push(judgeGrowth(operation, getMedian(ratios)));
    }
    print(`growth: ${((performance.now() - began) / 1_000).toFixed(0)} s`);
    return verdicts;
  } finally {
    for (const server of [...few.values(), ...many.values()]) await server.end();
  }
}

type Place = { servers: Servers; contest: Contest; ownerUrl: string };

/** The p50 among many against that among few, of each round. */
async function compareInTurn(few: Place, many: Place, pace: Pace): Promise<number[]> {
  await findP50(few, pace.warmUpMs);
  await findP50(many, pace.warmUpMs);
  const ratios: number[] = [];
  for (let round = 0; round < pace.repetitions; round += 1) {
    const found = new Map<Place, number>();
    for (const place of round % 2 === 0 ? [few, many] : [many, few]) {
      found.set(place, await findP50(place, pace.growthMs));
    }
    ratios.push((found.get(many) ?? Number.NaN) / (found.get(few) ?? Number.NaN));
  }
  return ratios;
}

async function findP50({ servers, contest, ownerUrl }: Place, milliseconds: number) {
  const { operation, side, requests } = contest;
  const server = servers.get(side);
  if (!server) throw new Error(`nobody answers ${operation}`);
  const load = { connections, milliseconds };
  const { p50 } = await withClient(ownerUrl, (client) =>
    measure({ ...server, requests }, load, client),
  );
  return p50;
}
