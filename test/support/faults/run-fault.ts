import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../child.ts';
import type { Fault, FaultReport } from './fault.ts';
import { type Load, sendWrite, startLoad, type Write } from './load.ts';
import { hasRecovered, isServedAgain, measureLoad, type Span } from './measurements.ts';
import { measureProcess } from './server-process.ts';
import { openStage, type Stage } from './stage.ts';

export type RunOptions = { isQuick: boolean };

/** Opens a stage, runs a fault on it, and closes the stage. */
export async function runFault(fault: Fault, options: RunOptions): Promise<FaultReport> {
  const needs = typeof fault.needs === 'function' ? await fault.needs() : (fault.needs ?? {});
  try {
    const stage = await openStage(needs);
    try {
      return await runFaultOn(stage, fault, options);
    } finally {
      await stage.close();
    }
  } finally {
    await needs.clear?.();
  }
}

/**
 * Runs a load, injects the fault, waits for the recovery, repeats unacknowledged writes with their keys, and compares
 * the acknowledged writes with the stored ones. The report lists every violated expectation.
 */
export async function runFaultOn(
  stage: Stage,
  fault: Fault,
  { isQuick }: RunOptions,
): Promise<FaultReport> {
  const pid = () => stage.servers[0]?.pid ?? 0;
  const load = startLoad(stage.client, { teams: stage.teams, readersPerTeam: 2, pauseMs: 15 });
  await sleep(isQuick ? 1_000 : 2_500);
  const before = await measureProcess(pid());
  const breaches: string[] = [];
  const span: Span = { beganAt: performance.now(), endedAt: 0 };
  const remark = await fault.inject(stage, { isQuick }).catch((error: unknown) => {
    breaches.push(error instanceof Error ? error.message : String(error));
  });
  span.endedAt = performance.now();
  // The rate is no measure on a busy machine, where it is enough that requests succeed again.
  const isOver = isQuick ? isServedAgain : hasRecovered;
  await waitUntil(async () => isOver(load.samples, span), 30).catch(() => {
    breaches.push('the service did not come back within 30 s');
  });
  await load.stop();
  const measurements = measureLoad(load.samples, span);
  const after = await measureProcess(pid());
  const stored = await compareWithStored(stage, load);
  breaches.push(...(await listLeftovers(stage)), ...listBreaches(fault, measurements, { isQuick }));
  for (const what of ['lost', 'doubled', 'halfWritten', 'foreign'] as const) {
    if (stored[what] > 0) breaches.push(`${stored[what]} ${what}`);
  }
  return {
    name: fault.name,
    words: fault.expectation.words,
    ...measurements,
    ...stored,
    rssMb: [before.rssMb, after.rssMb],
    sockets: [before.sockets, after.sockets],
    remark: remark ?? '',
    breaches,
  };
}

/** Compares the acknowledged writes with the stored ones, before and after the others are repeated. */
async function compareWithStored(stage: Stage, { writes, foreignResults }: Load) {
  const counts = await countStored(stage);
  const acknowledged = writes.filter(({ isAcknowledged }) => isAcknowledged);
  const lost = acknowledged.filter(({ key }) => !counts.has(key)).length;
  const others = writes.filter(({ isAcknowledged }) => !isAcknowledged);
  const unacknowledged = others.filter(({ key }) => counts.has(key)).length;
  for (const write of others) await retryUntilDone(stage, write);
  const finalCounts = await countStored(stage);
  const wrong = writes.filter(({ key }) => finalCounts.get(key) !== 1).length;
  const [incomplete] = await stage.query<{ count: number }>(
    `select count(*)::int as count from roles r where r.key like 'w-%' and 1 <>
       (select count(*) from audit_events e where e.target_id = r.id and e.action = 'role.created')`,
  );
  return {
    acknowledged: acknowledged.length,
    lost,
    unacknowledged,
    doubled: wrong,
    halfWritten: incomplete?.count ?? 0,
    foreign: foreignResults.length,
  };
}

async function countStored(stage: Stage): Promise<Map<string, number>> {
  const rows = await stage.query<{ key: string; count: number }>(
    `select key, count(*)::int as count from roles where key like 'w-%' group by key`,
  );
  return new Map(rows.map(({ key, count }) => [key, count]));
}

/** Repeats a write with its key until it succeeds. */
async function retryUntilDone(stage: Stage, write: Write): Promise<void> {
  await waitUntil(async () => (await sendWrite(stage.client, write)) === null);
}

/** Transactions and lock waits that are left over, and servers that have ended. */
async function listLeftovers(stage: Stage): Promise<string[]> {
  const [left] = await stage.query<{ open: number; waiting: number }>(
    `select count(*) filter (where state like 'idle in transaction%')::int as open,
       count(*) filter (where wait_event_type = 'Lock')::int as waiting
     from pg_stat_activity where application_name = 'tenantry'`,
  );
  const breaches: string[] = [];
  if (left && left.open > 0) breaches.push(`${left.open} transactions were left open`);
  if (left && left.waiting > 0) breaches.push(`${left.waiting} statements still wait for locks`);
  for (const server of stage.servers) {
    if (!server.isAlive()) breaches.push(`a server ended: ${server.listWarnings().at(-1)}`);
    else if ((await fetch(`${server.url}/healthz`)).status !== 200) breaches.push('not healthy');
  }
  return breaches;
}

/** The violated expectations. Times are checked only on an otherwise idle machine. */
function listBreaches(
  { expectation }: Fault,
  measurements: ReturnType<typeof measureLoad>,
  { isQuick }: RunOptions,
): string[] {
  const { codes, rejectionP99MsMax = Infinity, fullRateMsMax = Infinity } = expectation;
  const known: readonly string[] = codes;
  const breaches = Object.keys(measurements.errors)
    .filter((code) => !known.includes(code))
    .map((code) => `${measurements.errors[code]} requests ended with ${code}`);
  const errors = Object.values(measurements.errors).reduce((sum, count) => sum + count, 0);
  if (errors > (expectation.errorsMax ?? Infinity)) breaches.push(`${errors} requests failed`);
  if (isQuick) return breaches;
  if (measurements.rejectionP99Ms > rejectionP99MsMax) breaches.push('errors took too long');
  if ((measurements.fullRateMs ?? Infinity) > fullRateMsMax)
    breaches.push('the full rate came late');
  return breaches;
}
