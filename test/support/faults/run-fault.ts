import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../child.ts';
import type { Fault, FaultReport } from './fault.ts';
import { hasRecovered, isServedAgain, measureFigures, type Span } from './figures.ts';
import { type Load, sendWrite, startLoad, type Write } from './load.ts';
import { measureProcess } from './server-process.ts';
import { openStage, type Stage } from './stage.ts';

export type RunOptions = { isQuick: boolean };

/** Builds a stage for a fault, runs it there, and takes all down again. */
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
 * Lets a load run, makes the fault happen, waits until all is as before, has unacknowledged writes asked
 * for again with their keys, and compares what was told with what is stored. Every breach of what is
 * expected stands in the report; only a stage that does not come back raises.
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
  // A rate says nothing on a machine that does other things too: there it is enough to be served again.
  const isOver = isQuick ? isServedAgain : hasRecovered;
  await waitUntil(async () => isOver(load.samples, span), 30).catch(() => {
    breaches.push('the service did not come back within 30 s');
  });
  await load.stop();
  const figures = measureFigures(load.samples, span);
  const after = await measureProcess(pid());
  const stored = await compareWithStored(stage, load);
  breaches.push(...(await listLeftovers(stage)), ...listBreaches(fault, figures, { isQuick }));
  for (const what of ['lost', 'doubled', 'halfWritten', 'foreign'] as const) {
    if (stored[what] > 0) breaches.push(`${stored[what]} ${what}`);
  }
  return {
    name: fault.name,
    words: fault.expectation.words,
    ...figures,
    ...stored,
    rssMb: [before.rssMb, after.rssMb],
    sockets: [before.sockets, after.sockets],
    remark: remark ?? '',
    breaches,
  };
}

/** What the clients were told against what the database holds, before and after they ask again. */
async function compareWithStored(stage: Stage, { writes, foreignAnswers }: Load) {
  const counts = await countStored(stage);
  const acknowledged = writes.filter(({ isAcknowledged }) => isAcknowledged);
  const lost = acknowledged.filter(({ key }) => !counts.has(key)).length;
  const open = writes.filter(({ isAcknowledged }) => !isAcknowledged);
  const unacknowledged = open.filter(({ key }) => counts.has(key)).length;
  for (const write of open) await insist(stage, write);
  const finalCounts = await countStored(stage);
  const wrong = writes.filter(({ key }) => finalCounts.get(key) !== 1).length;
  const [half] = await stage.query<{ count: number }>(
    `select count(*)::int as count from roles r where r.key like 'w-%' and 1 <>
       (select count(*) from audit_events e where e.target_id = r.id and e.action = 'role.created')`,
  );
  return {
    acknowledged: acknowledged.length,
    lost,
    unacknowledged,
    doubled: wrong,
    halfWritten: half?.count ?? 0,
    foreign: foreignAnswers.length,
  };
}

async function countStored(stage: Stage): Promise<Map<string, number>> {
  const rows = await stage.query<{ key: string; count: number }>(
    `select key, count(*)::int as count from roles where key like 'w-%' group by key`,
  );
  return new Map(rows.map(({ key, count }) => [key, count]));
}

/** As a client that has a key does: until it is told. */
async function insist(stage: Stage, write: Write): Promise<void> {
  await waitUntil(async () => (await sendWrite(stage.client, write)) === null);
}

/** Transactions and waits that nobody goes on with, and a server that is no more. */
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
    if (!server.isAlive()) breaches.push(`a server ended: ${server.listComplaints().at(-1)}`);
    else if ((await fetch(`${server.url}/healthz`)).status !== 200) breaches.push('not healthy');
  }
  return breaches;
}

/** Times are judged only where the machine has nothing else to do. */
function listBreaches(
  { expectation }: Fault,
  figures: ReturnType<typeof measureFigures>,
  { isQuick }: RunOptions,
): string[] {
  const { codes, rejectionP99MsMax = Infinity, fullRateMsMax = Infinity } = expectation;
  const known: readonly string[] = codes;
  const breaches = Object.keys(figures.errors)
    .filter((code) => !known.includes(code))
    .map((code) => `${figures.errors[code]} requests ended with ${code}`);
  const errors = Object.values(figures.errors).reduce((sum, count) => sum + count, 0);
  if (errors > (expectation.errorsMax ?? Infinity)) breaches.push(`${errors} requests failed`);
  if (isQuick) return breaches;
  if (figures.rejectionP99Ms > rejectionP99MsMax) breaches.push('errors took too long');
  if ((figures.fullRateMs ?? Infinity) > fullRateMsMax) breaches.push('the full rate came late');
  return breaches;
}
