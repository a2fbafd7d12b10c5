import { withClient } from '../../prove/cluster.ts';
import { getMedian, print } from '../stage.ts';
import { checkGrowth, type Verdict } from './bars.ts';
import { measure } from './measure.ts';
import { connections, type Pace } from './pace.ts';
import { type Servers, startOurs } from './sides.ts';
import type { Workload } from './workloads.ts';

/** A database that was measured, with its requests. */
export type Measurable = { ownerUrl: string; workloads: readonly Workload[] };

/**
 * Compares our operations on a small and a large database in turn, so that noise on the machine affects both. Sign-in is
 * omitted since hashing is independent of the data, and so is page 1,000, which only the large one has.
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
    for (const { operation, side, requests } of large.workloads) {
      const fewer = small.workloads.find((workload) => workload.operation === operation);
      if (!few.has(side) || operation === 'sign-in' || !fewer) continue;
      const ratios = await compareInTurn(
        { servers: few, workload: fewer, ownerUrl: small.ownerUrl },
        { servers: many, workload: { operation, side, requests }, ownerUrl: large.ownerUrl },
        pace,
      );
      verdicts.push(checkGrowth(operation, getMedian(ratios)));
    }
    print(`growth: ${((performance.now() - began) / 1_000).toFixed(0)} s`);
    return verdicts;
  } finally {
    for (const server of [...few.values(), ...many.values()]) await server.end();
  }
}

type Target = { servers: Servers; workload: Workload; ownerUrl: string };

/** The ratio of the medians on the large and the small database, for each round. */
async function compareInTurn(few: Target, many: Target, pace: Pace): Promise<number[]> {
  await findP50(few, pace.warmUpMs);
  await findP50(many, pace.warmUpMs);
  const ratios: number[] = [];
  for (let round = 0; round < pace.repetitions; round += 1) {
    const found = new Map<Target, number>();
    for (const target of round % 2 === 0 ? [few, many] : [many, few]) {
      found.set(target, await findP50(target, pace.growthMs));
    }
    ratios.push((found.get(many) ?? Number.NaN) / (found.get(few) ?? Number.NaN));
  }
  return ratios;
}

async function findP50({ servers, workload, ownerUrl }: Target, milliseconds: number) {
  const { operation, side, requests } = workload;
  const server = servers.get(side);
  if (!server) throw new Error(`no server for ${operation}`);
  const load = { connections, milliseconds };
  const { p50 } = await withClient(ownerUrl, (client) =>
    measure({ ...server, requests }, load, client),
  );
  return p50;
}
