import { readFile } from 'node:fs/promises';
import type pg from 'pg';
import { runLoad } from './client.ts';
import type { Request } from './expect.ts';
import { findPort, findQuantile } from './measure.ts';
import type { Operation, Workload } from './workloads.ts';

/** Results of 1,000 concurrent users and of 100. */
export type Crowd = {
  p95AtHundred: number;
  p95AtThousand: number;
  failures: number;
  firstFailure: string | null;
  /** The maximum; null where /proc is not available. */
  rssMb: number | null;
  hitRatio: number;
};

/** The average pause of a user between a response and the next request. */
export const pauseSeconds = 5;
const sampleMs = 500;

/** Runs 100 and then 1,000 concurrent users. `client` is the owner's. */
export async function measureCrowd(
  client: pg.Client,
  { url, pid }: { url: string; pid: number },
  { workloads, milliseconds }: { workloads: readonly Workload[]; milliseconds: number },
): Promise<Crowd> {
  const load = {
    port: findPort(url),
    requests: mix(workloads),
    milliseconds,
    pauseMs: pauseSeconds * 1_000,
  };
  const hundred = await runLoad({ ...load, connections: 100 });
  const before = await countPages(client);
  const memory = watchMemory(pid);
  const thousand = await runLoad({ ...load, connections: 1_000 });
  const rssMb = await memory.stop();
  const after = await countPages(client);
  const hits = after.hit - before.hit;
  return {
    p95AtHundred: findQuantile(hundred, 0.95),
    p95AtThousand: findQuantile(thousand, 0.95),
    failures: hundred.rejected + hundred.wrong + thousand.rejected + thousand.wrong,
    firstFailure: hundred.firstFailure ?? thousand.firstFailure,
    rssMb,
    hitRatio: hits / (hits + after.read - before.read),
  };
}

/** The share of each operation, in percent. */
const daily: readonly [Operation, share: number][] = [
  ['verifySession', 58],
  ['verifyApiKey', 16],
  ['viewer', 14],
  ['50 members', 10],
  ['sign-in', 2],
];

/** A thousand requests, evenly mixed, in the same order in each run. */
function mix(workloads: readonly Workload[]): Request[] {
  const bag = daily.flatMap(([operation, share]) => {
    const requests = workloads.find((workload) => workload.operation === operation)?.requests ?? [];
    return Array.from({ length: share }, () => requests);
  });
  return Array.from({ length: 1_000 }, (_one, turn) => {
    // 37 and 100 have no common divisor, so every request is picked, evenly mixed.
    const choices = bag[(turn * 37) % bag.length] ?? [];
    return choices[turn % choices.length] as Request;
  });
}

async function countPages(client: pg.Client): Promise<{ hit: number; read: number }> {
  const { rows } = await client.query<{ hit: number; read: number }>(
    `select blks_hit::float8 as hit, blks_read::float8 as read from pg_stat_database
     where datname = current_database()`,
  );
  return rows[0] ?? { hit: 0, read: 0 };
}

function watchMemory(pid: number): { stop: () => Promise<number | null> } {
  let most: number | null = null;
  const look = async () => {
    const now = await readRssMb(pid);
    if (now !== null) most = Math.max(most ?? 0, now);
  };
  const timer = setInterval(look, sampleMs);
  return {
    async stop() {
      clearInterval(timer);
      await look();
      return most;
    },
  };
}

async function readRssMb(pid: number): Promise<number | null> {
  if (process.platform !== 'linux') return null;
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024;
}
