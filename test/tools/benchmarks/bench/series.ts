import type pg from 'pg';
import { getMedian, print } from '../stage.ts';
import type { Contest, Operation } from './contests.ts';
import { measureHashes } from './hashes.ts';
import { type Contestant, type Measured, measure } from './measure.ts';
import { connections, type Pace } from './pace.ts';
import type { Sides } from './sides.ts';

/** All repetitions of each operation at one size of database. */
export type Series = ReadonlyMap<Operation, readonly Measured[]>;

/** The series, and the bare password hashes per second of each round. */
export type Rounds = { series: Series; hashesPerSecond: readonly number[] };

type Subject = { sides: Sides; contests: readonly Contest[]; pace: Pace };

/**
 * Measures all operations in turn, in alternating order, so that noise on the machine affects all of them. The warm-up
 * fills the pools.
 */
export async function measureSeries(
  client: pg.Client,
  { sides, contests, pace }: Subject,
): Promise<Rounds> {
  const contestants: (Contestant & { operation: Operation; repeated: Measured[] })[] = [];
  for (const { operation, side, requests } of contests) {
    const server = sides.all.get(side);
    if (server) contestants.push({ operation, requests, repeated: [], ...server });
  }
  for (const contestant of contestants) await attempt(contestant, pace.warmUpMs);
  const hashesPerSecond: number[] = [];
  for (let round = 0; round < pace.repetitions; round += 1) {
    for (const contestant of round % 2 === 0 ? contestants : contestants.toReversed()) {
      contestant.repeated.push(await attempt(contestant, pace.roundMs));
    }
    hashesPerSecond.push(await measureHashes(pace.hashesMs));
  }
  for (const { operation, repeated } of contestants) printSeries(operation, repeated);
  const series = new Map(contestants.map(({ operation, repeated }) => [operation, repeated]));
  return { series, hashesPerSecond };

  async function attempt(contestant: (typeof contestants)[number], milliseconds: number) {
    try {
      return await measure(contestant, { connections, milliseconds }, client);
    } catch (cause) {
      throw new Error(`${contestant.operation} failed`, { cause });
    }
  }
}

function printSeries(operation: Operation, repeated: readonly Measured[]): void {
  const figures = repeated.map(({ perSecond }) => Math.round(perSecond)).join(' ');
  const median = (pick: (one: Measured) => number) => getMedian(repeated.map(pick));
  print(
    `  ${operation.padEnd(34)} ${figures} /s; p50 ${median(({ p50 }) => p50).toFixed(2)} ms; ` +
      `${median(({ statementsPerRequest }) => statementsPerRequest).toFixed(2)} statements, ` +
      `${median((one) => one.cpuMsPerRequest ?? Number.NaN).toFixed(3)} ms CPU, ` +
      `${median((one) => one.clientCpuMsPerRequest).toFixed(3)} ms CPU of the load`,
  );
}
