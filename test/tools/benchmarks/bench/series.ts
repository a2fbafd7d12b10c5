import type pg from 'pg';
import { getMedian, print } from '../stage.ts';
import { measureHashes } from './hashes.ts';
import { type LoadTarget, type Measured, measure } from './measure.ts';
import { connections, type Pace } from './pace.ts';
import type { Sides } from './sides.ts';
import type { Operation, Workload } from './workloads.ts';

/** All repetitions of each operation at one size of database. */
export type Series = ReadonlyMap<Operation, readonly Measured[]>;

/** The series, and the bare password hashes per second of each round. */
export type Rounds = { series: Series; hashesPerSecond: readonly number[] };

type Subject = { sides: Sides; workloads: readonly Workload[]; pace: Pace };

/**
 * Measures all operations in turn, in alternating order, so that noise on the machine affects all of them. The warm-up
 * fills the pools.
 */
export async function measureSeries(
  client: pg.Client,
  { sides, workloads, pace }: Subject,
): Promise<Rounds> {
  const loadTargets: (LoadTarget & { operation: Operation; repeated: Measured[] })[] = [];
  for (const { operation, side, requests } of workloads) {
    const server = sides.all.get(side);
    if (server) loadTargets.push({ operation, requests, repeated: [], ...server });
  }
  for (const loadTarget of loadTargets) await attempt(loadTarget, pace.warmUpMs);
  const hashesPerSecond: number[] = [];
  for (let round = 0; round < pace.repetitions; round += 1) {
    for (const loadTarget of round % 2 === 0 ? loadTargets : loadTargets.toReversed()) {
      loadTarget.repeated.push(await attempt(loadTarget, pace.roundMs));
    }
    hashesPerSecond.push(await measureHashes(pace.hashesMs));
  }
  for (const { operation, repeated } of loadTargets) printSeries(operation, repeated);
  const series = new Map(loadTargets.map(({ operation, repeated }) => [operation, repeated]));
  return { series, hashesPerSecond };

  async function attempt(loadTarget: (typeof loadTargets)[number], milliseconds: number) {
    try {
      return await measure(loadTarget, { connections, milliseconds }, client);
    } catch (cause) {
      throw new Error(`${loadTarget.operation} failed`, { cause });
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
