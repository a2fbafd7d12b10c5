import type pg from 'pg';
import { fillBySeed } from '../../../support/fill.ts';
import { withClient } from '../../prove/arena.ts';
import { getMedian, print, runSql } from '../stage.ts';
import {
  judgeCrowd,
  judgeFlood,
  judgeLatePage,
  judgeRatios,
  judgeSignIn,
  judgeWrites,
  type Verdict,
} from './bars.ts';
import { type Contest, listContests, type Operation } from './contests.ts';
import { measureCrowd } from './crowd.ts';
import { measureFlood } from './flood.ts';
import { measureKeyWrites } from './key-writes.ts';
import type { Pace } from './pace.ts';
import { measureSeries, type Series } from './series.ts';
import { openSides, type Sides, startOne } from './sides.ts';
import { createWorld } from './world.ts';

/** What was measured at one size. */
export type Run = {
  users: number;
  ownerUrl: string;
  contests: readonly Contest[];
  series: Series;
  hashesPerSecond: number;
  verdicts: readonly Verdict[];
  /** What was not measured, and why. */
  gaps: readonly string[];
};

/** Fills an empty migrated database for so many users and measures everything in it. */
export async function measureSize(ownerUrl: string, users: number, pace: Pace): Promise<Run> {
  const password = await timed('filled', () => fill(ownerUrl, users));
  const sides = await openSides(ownerUrl);
  try {
    const { url } = sides.ours;
    const contests = await timed('prepared', async () =>
      listContests(url, await createWorld(url, ownerUrl, password)),
    );
    const run = await withClient(ownerUrl, (client) =>
      measureAll(client, { ownerUrl, sides, contests, pace }),
    );
    for (const verdict of run.verdicts) tell(verdict);
    const gaps = [...sides.absent, ...listGaps(contests)];
    for (const gap of gaps) print(`  NOT MEASURED ${gap}`);
    return { users, ownerUrl, contests, ...run, gaps };
  } finally {
    await sides.end();
  }
}

/** A line of the result, for people. */
export function tell({ promise, bar, measured, isHeld }: Verdict): void {
  const verdict = bar === null ? 'shown   ' : isHeld ? 'held    ' : 'NOT HELD';
  print(`  ${verdict} ${promise}: ${measured.toFixed(3)}${bar === null ? '' : ` (${bar})`}`);
}

async function fill(ownerUrl: string, users: number): Promise<string> {
  const password = await fillBySeed(ownerUrl, users);
  await runSql(ownerUrl, 'vacuum (analyze)');
  await runSql(ownerUrl, 'checkpoint');
  return password;
}

type Subject = { ownerUrl: string; sides: Sides; contests: readonly Contest[]; pace: Pace };

async function measureAll(
  client: pg.Client,
  { ownerUrl, sides, contests, pace }: Subject,
): Promise<Pick<Run, 'series' | 'hashesPerSecond' | 'verdicts'>> {
  const { ours, raw } = sides;
  const requestsOf = (operation: Operation) =>
    contests.find((contest) => contest.operation === operation)?.requests ?? [];
  const { series, ...rounds } = await timed('operations', () =>
    measureSeries(client, { sides, contests, pace }),
  );
  const hashesPerSecond = getMedian(rounds.hashesPerSecond);
  const keys = { ...ours, requests: requestsOf('verifyApiKey') };
  const writes = await timed('writes of keys', () => measureKeyWrites(client, keys, pace.keysMs));
  const flooded = {
    checks: { ...ours, requests: requestsOf('verifySession') },
    signIns: { ...ours, requests: requestsOf('sign-in') },
    bystander: { ...raw, requests: requestsOf('raw') },
    hashesPerSecond,
  };
  const flood = await timed('sign-ins in plenty', () => measureFlood(flooded, pace));
  const crowd = await timed('crowd', () => measureFreshly(client, { ownerUrl, contests, pace }));
  if (flood.firstFault !== null) print(`  among sign-ins: ${flood.firstFault}`);
  if (crowd.firstFault !== null) print(`  of the crowd's: ${crowd.firstFault}`);
  const verdicts = [
    ...judgeRatios(series),
    ...judgeLatePage(series),
    judgeSignIn(series, rounds.hashesPerSecond),
    judgeWrites(writes),
    ...judgeFlood(flood),
    ...judgeCrowd(crowd),
  ];
  return { series, hashesPerSecond, verdicts };
}

/** The crowd comes to a process that has done nothing before, so that the memory is what it took. */
async function measureFreshly(
  client: pg.Client,
  { ownerUrl, contests, pace }: Omit<Subject, 'sides'>,
) {
  const fresh = await startOne(ownerUrl);
  try {
    return await measureCrowd(client, fresh, { contests, milliseconds: pace.crowdMs });
  } finally {
    await fresh.end();
  }
}

function listGaps(contests: readonly Contest[]): string[] {
  return contests.some(({ operation }) => operation === '50 members, page 1,000')
    ? []
    : ['page 1,000 of the members: no tenant has more than 50,000 of them'];
}

async function timed<T>(part: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work();
  print(`  ${part}: ${((performance.now() - began) / 1_000).toFixed(0)} s`);
  return result;
}
