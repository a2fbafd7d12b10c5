import type pg from 'pg';
import { getMedian, print } from '../stage.ts';
import type { Contest, Operation } from './contests.ts';
import { measureHashes } from './hashes.ts';
import { type Contestant, type Measured, measure } from './measure.ts';
import { connections, type Pace } from './pace.ts';
import type { Sides } from './sides.ts';

/** All repetitions of each operation at one size of database. */
export type Series = ReadonlyMap<Operation, readonly Measured[]>;

/** With them, how many passwords a second could be hashed in each round by somebody who does nothing else. */
export type Rounds = { series: Series; hashesPerSecond: readonly number[] };

type Subject = { sides: Sides; contests: readonly Contest[]; pace: Pace };

/**
 * All operations one after the other, back and forth, so that what the machine does meanwhile hits all. The
 * warm-up fills the pools.
 */
export async function measureSeries(
  client: pg.Client,
  { sides, contests, pace }: Subject,
): Promise<Rounds> {
  const entrants: (Contestant & { operation: Operation; repeated: Measured[] })[] = [];
  for (const { operation, side, requests } of contests) {
    const server = sides.all.get(side);
    if (server) entrants.push({ operation, requests, repeated: [], ...server });
  }
  for (const entrant of entrants) await attempt(entrant, pace.warmUpMs);
  const hashesPerSecond: number[] = [];
  for (let round = 0; round < pace.repetitions; round += 1) {
    for (const entrant of round % 2 === 0 ? entrants : entrants.toReversed()) {
      entrant.repeated.push(await attempt(entrant, pace.roundMs));
    }
    hashesPerSecond.push(await measureHashes(pace.hashesMs));
  }
  for (const { operation, repeated } of entrants) tell(operation, repeated);
  const series = new Map(entrants.map(({ operation, repeated }) => [operation, repeated]));
  return { series, hashesPerSecond };

  async function attempt(entrant: (typeof entrants)[number], milliseconds: number) {
    try {
      return await measure(entrant, { connections, milliseconds }, client);
    } catch (cause) {
      throw new Error(`${entrant.operation} failed`, { cause });
    }
  }
}

function tell(operation: Operation, repeated: readonly Measured[]): void {
  const figures = repeated.map(({ perSecond }) => Math.round(perSecond)).join(' ');
  const median = (pick: (one: Measured) => number) => getMedian(repeated.map(pick));
  print(
    `  ${operation.padEnd(34)} ${figures} /s; p50 ${median(({ p50 }) => p50).toFixed(2)} ms; ` +
      `${median(({ statementsPerRequest }) => statementsPerRequest).toFixed(2)} statements, ` +
      `${median((one) => one.cpuMsPerRequest ?? Number.NaN).toFixed(3)} ms CPU, ` +
      `${median((one) => one.clientCpuMsPerRequest).toFixed(3)} ms of the load's`,
  );
}
