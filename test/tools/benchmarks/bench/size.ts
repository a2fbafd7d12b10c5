import type pg from 'pg';
import { fillBySeed } from '../../../support/fill.ts';
import { withClient } from '../../prove/cluster.ts';
import { getMedian, print, runSql } from '../stage.ts';
import {
  checkCrowd,
  checkFlood,
  checkLatePage,
  checkRatios,
  checkSignIn,
  checkWrites,
  type Verdict,
} from './bars.ts';
import { measureCrowd } from './crowd.ts';
import { measureFlood } from './flood.ts';
import { measureKeyWrites } from './key-writes.ts';
import type { Pace } from './pace.ts';
import { measureSeries, type Series } from './series.ts';
import { openSides, type Sides, startOne } from './sides.ts';
import { listWorkloads, type Operation, type Workload } from './workloads.ts';
import { createWorld } from './world.ts';

/** The results at one size of database. */
export type Run = {
  users: number;
  ownerUrl: string;
  workloads: readonly Workload[];
  series: Series;
  hashesPerSecond: number;
  verdicts: readonly Verdict[];
  /** Measurements that were skipped, with reasons. */
  gaps: readonly string[];
};

/** Fills an empty migrated database with `users` users and measures everything. */
export async function measureSize(ownerUrl: string, users: number, pace: Pace): Promise<Run> {
  const password = await timed('filled', () => fill(ownerUrl, users));
  const sides = await openSides(ownerUrl);
  try {
    const { url } = sides.ours;
    const workloads = await timed('prepared', async () =>
      listWorkloads(url, await createWorld(url, ownerUrl, password)),
    );
    const run = await withClient(ownerUrl, (client) =>
      measureAll(client, { ownerUrl, sides, workloads, pace }),
    );
    for (const verdict of run.verdicts) printVerdict(verdict);
    const gaps = [...sides.absent, ...listGaps(workloads)];
    for (const gap of gaps) print(`  NOT MEASURED ${gap}`);
    return { users, ownerUrl, workloads, ...run, gaps };
  } finally {
    await sides.end();
  }
}

/** Prints one verdict. */
export function printVerdict({ target, bar, measured, isMet }: Verdict): void {
  const verdict = bar === null ? 'info    ' : isMet ? 'met     ' : 'NOT MET ';
  print(`  ${verdict} ${target}: ${measured.toFixed(3)}${bar === null ? '' : ` (${bar})`}`);
}

async function fill(ownerUrl: string, users: number): Promise<string> {
  const password = await fillBySeed(ownerUrl, users);
  await runSql(ownerUrl, 'vacuum (analyze)');
  await runSql(ownerUrl, 'checkpoint');
  return password;
}

type Subject = { ownerUrl: string; sides: Sides; workloads: readonly Workload[]; pace: Pace };

async function measureAll(
  client: pg.Client,
  { ownerUrl, sides, workloads, pace }: Subject,
): Promise<Pick<Run, 'series' | 'hashesPerSecond' | 'verdicts'>> {
  const { ours, raw } = sides;
  const requestsOf = (operation: Operation) =>
    workloads.find((workload) => workload.operation === operation)?.requests ?? [];
  const { series, ...rounds } = await timed('operations', () =>
    measureSeries(client, { sides, workloads, pace }),
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
  const flood = await timed('sign-in flood', () => measureFlood(flooded, pace));
  const crowd = await timed('concurrent users', () =>
    measureCrowdOnNewServer(client, { ownerUrl, workloads, pace }),
  );
  if (flood.firstFailure !== null)
    print(`  first failure in the sign-in flood: ${flood.firstFailure}`);
  if (crowd.firstFailure !== null)
    print(`  first failure of the concurrent users: ${crowd.firstFailure}`);
  const verdicts = [
    ...checkRatios(series),
    ...checkLatePage(series),
    checkSignIn(series, rounds.hashesPerSecond),
    checkWrites(writes),
    ...checkFlood(flood),
    ...checkCrowd(crowd),
  ];
  return { series, hashesPerSecond, verdicts };
}

/** Measures concurrent users on a new process, so that its memory is due to them alone. */
async function measureCrowdOnNewServer(
  client: pg.Client,
  { ownerUrl, workloads, pace }: Omit<Subject, 'sides'>,
) {
  const fresh = await startOne(ownerUrl);
  try {
    return await measureCrowd(client, fresh, { workloads, milliseconds: pace.crowdMs });
  } finally {
    await fresh.end();
  }
}

function listGaps(workloads: readonly Workload[]): string[] {
  return workloads.some(({ operation }) => operation === '50 members, page 1,000')
    ? []
    : ['page 1,000 of the members: no tenant has more than 50,000 members'];
}

async function timed<T>(part: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work();
  print(`  ${part}: ${((performance.now() - began) / 1_000).toFixed(0)} s`);
  return result;
}
