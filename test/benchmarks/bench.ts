import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type pg from 'pg';
import { loadConfig } from '../../src/config.ts';
import { createPasswordHasher } from '../../src/core/password-hasher.ts';
import { ensureAppRole } from '../../src/db/app-role.ts';
import { withClient } from '../prove/arena.ts';
import {
  judgeCrowd,
  judgeGrowth,
  judgeRatios,
  judgeSignIn,
  judgeWrites,
  type Series,
  type Verdict,
} from './bench/bars.ts';
import { measureCrowd } from './bench/crowd.ts';
import { type Contestant, type Measured, measure } from './bench/measure.ts';
import { startRawServer } from './bench/raw-server.ts';
import { type Run, writeReport } from './bench/report.ts';
import { fill, type Operation, prepareRequests, type Requests } from './bench/world.ts';
import { startServerProcess } from './server-process.ts';
import { openStage, print } from './stage.ts';

// `npm run bench`: our hot operations against a bare server with one statement per request (raw), in turn and
// in one run, in databases of three sizes; writes docs/performance.md. `--users 10000` measures sizes of
// one's own and writes nothing.

const usualSizes = ['10000', '100000', '1000000'];
const repetitions = 5;
const load = { connections: 32, milliseconds: 4_000 };
const warmUp = { connections: 32, milliseconds: 1_500 };
const poolSize = 10;

const { values } = parseArgs({ options: { users: { type: 'string', multiple: true } } });
const sizes = (values.users ?? usualSizes).map(Number).toSorted((a, b) => a - b);
if (!sizes.every((size) => Number.isInteger(size) && size >= 1_000)) {
  print('--users takes whole numbers of at least 1000.');
  process.exit(2);
}
const hashesPerSecond = await measureHashes();
print(`bare argon2id: ${hashesPerSecond.toFixed(0)} hashes/s`);
const stage = await openStage();
const runs: Run[] = [];
try {
  for (const users of sizes) runs.push(await measureSize(users));
} finally {
  await stage.clear();
}
const growth = judge(runs);
const isHeld = [...runs.flatMap(({ verdicts }) => verdicts), ...growth].every((one) => one.isHeld);
if (values.users === undefined) await writeReport(runs, growth, hashesPerSecond);
process.exit(isHeld ? 0 : 1);

async function measureSize(users: number): Promise<Run> {
  print(`${users} users …`);
  const ownerUrl = await stage.createDatabase(`bench_${users}`);
  const { password } = await fill(ownerUrl, users);
  const appUrl = await ensureAppRole(ownerUrl);
  const ours = await startServerProcess(appUrl, {
    DATABASE_POOL_SIZE: String(poolSize),
    // All of them come from one address.
    SIGN_IN_SOURCE_FAILURES_MAX: '1000000',
  });
  const raw = await startRawServer(ownerUrl, poolSize);
  try {
    const requests = await prepareRequests(ours.url, ownerUrl, password);
    return await withClient(ownerUrl, async (client) => {
      const series = await measureSeries(client, { ours, raw, requests });
      const keyWrites = await measureKeyWrites(client, {
        ...ours,
        requests: requests.verifyApiKey,
      });
      const verdicts = [
        ...judgeRatios(series),
        judgeSignIn(series, hashesPerSecond),
        judgeWrites(keyWrites),
        ...judgeCrowd(await measureCrowd(client, ours, requests)),
      ];
      for (const verdict of verdicts) tell(verdict);
      return { users, series, verdicts };
    });
  } finally {
    await ours.end();
    await raw.end();
  }
}

type Sides = {
  ours: Omit<Contestant, 'requests'>;
  raw: Omit<Contestant, 'requests'>;
  requests: Requests;
};

/** All operations one after the other, back and forth, so that what the machine does meanwhile hits all. */
async function measureSeries(client: pg.Client, { ours, raw, requests }: Sides): Promise<Series> {
  const operations = Object.keys(requests) as Operation[];
  const contestant = (operation: Operation): Contestant => ({
    ...(operation === 'raw' ? raw : ours),
    requests: requests[operation],
  });
  const series = new Map<Operation, Measured[]>(operations.map((operation) => [operation, []]));
  for (const operation of operations) await measure(contestant(operation), warmUp, client);
  for (let round = 0; round < repetitions; round += 1) {
    for (const operation of round % 2 === 0 ? operations : operations.toReversed()) {
      const measured = await measure(contestant(operation), load, client);
      if (measured.failures > 0)
        throw new Error(`${operation}: ${measured.failures} requests failed`);
      series.get(operation)?.push(measured);
    }
  }
  for (const [operation, repeated] of series) {
    const told = repeated.map(({ perSecond }) => Math.round(perSecond)).join(' ');
    print(`  ${operation.padEnd(24)} ${told} /s`);
  }
  return series;
}

/** Rows that were inserted, changed or deleted for each check; notes of use are flushed now and then. */
async function measureKeyWrites(client: pg.Client, keys: Contestant): Promise<number> {
  const count = async () => {
    const { rows } = await client.query<{ writes: number }>(
      `select (tup_inserted + tup_updated + tup_deleted)::float8 as writes from pg_stat_database
       where datname = current_database()`,
    );
    return rows[0]?.writes ?? 0;
  };
  const before = await count();
  const { perSecond } = await measure(keys, load, client);
  return ((await count()) - before) / (perSecond * (load.milliseconds / 1_000));
}

/** As many hashes at once as there are cores, and nothing else. */
async function measureHashes(): Promise<number> {
  const config = loadConfig({ NODE_ENV: 'test' });
  const hasher = await createPasswordHasher(config.passwords);
  const began = performance.now();
  let hashes = 0;
  const loop = async () => {
    while (performance.now() - began < load.milliseconds) {
      await hasher.hash('a sentence that is hashed again and again');
      hashes += 1;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, loop));
  return hashes / ((performance.now() - began) / 1_000);
}

function judge(all: readonly Run[]): Verdict[] {
  const [small] = all;
  const large = all.at(-1);
  const verdicts = small && large && small !== large ? judgeGrowth(small.series, large.series) : [];
  for (const verdict of verdicts) tell(verdict);
  return verdicts;
}

function tell({ promise, bar, measured, isHeld }: Verdict): void {
  print(`  ${isHeld ? 'held    ' : 'NOT HELD'} ${promise}: ${measured.toFixed(3)} (${bar})`);
}
