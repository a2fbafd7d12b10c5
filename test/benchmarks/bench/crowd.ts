import { readFile } from 'node:fs/promises';
import type pg from 'pg';
import type { Crowd } from './bars.ts';
import { runLoad } from './client.ts';
import { mix, type Requests } from './world.ts';

/** Each of them asks about once a second. */
const pauseMs = 1_000;
const milliseconds = 15_000;

/** Lets 100 and then 1,000 people go about their day. `client` is the owner's. */
export async function measureCrowd(
  client: pg.Client,
  { url, pid }: { url: string; pid: number },
  requests: Requests,
): Promise<Crowd> {
  const load = { origin: new URL(url).origin, requests: mix(requests), milliseconds, pauseMs };
  const hundred = await runLoad({ ...load, connections: 100 });
  const before = await countPages(client);
  const thousand = await runLoad({ ...load, connections: 1_000 });
  const after = await countPages(client);
  const hits = after.hit - before.hit;
  return {
    p95AtHundred: getP95(hundred.times),
    p95AtThousand: getP95(thousand.times),
    failures: hundred.failures + thousand.failures,
    rssMb: await readRssMb(pid),
    hitRatio: hits / (hits + after.read - before.read),
  };
}

const getP95 = (times: Float64Array) => times[Math.floor(times.length * 0.95)] ?? Number.NaN;

async function countPages(client: pg.Client): Promise<{ hit: number; read: number }> {
  const { rows } = await client.query<{ hit: number; read: number }>(
    `select blks_hit::float8 as hit, blks_read::float8 as read from pg_stat_database
     where datname = current_database()`,
  );
  return rows[0] ?? { hit: 0, read: 0 };
}

async function readRssMb(pid: number): Promise<number | null> {
  if (process.platform !== 'linux') return null;
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024;
}
