import '../../support/in-run-folder.ts';
import { findPgBouncer, type Pooler, startPooler } from '../../support/pooler.ts';
import { ensureServing } from '../../support/serving.ts';
import { listTrials, type Trial } from './revocation/trials.ts';
import { createWorld } from './revocation/world.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';
import { describeMachine, getMedian, openStage, print } from './stage.ts';

// How long a revoked credential or permission is still accepted: from the acknowledgement of its revocation by one process
// to the last response of either process that accepts it, under a steady load on both. With `-- --pooler` both use a
// PgBouncer with fewer connections than they have.

const requestsPerSecond = 500;
const trialsPerKind = 100;
/** The limit in milliseconds. */
const windowMsMax = 1_000;
/** A trial ends after this many rejections in a row by both processes. */
const rejectionsInARow = 100;
/** Successes before the revocation. */
const successesFirst = 20;

const isPooled = process.argv.includes('--pooler');
const program = isPooled ? findPgBouncer() : '';
if (program === null) process.exit(1);

const stage = await openStage();
const processes: ServerProcess[] = [];
let pooler: Pooler | null = null;
try {
  const ownerUrl = await stage.createDatabase('revocation');
  const appUrl = await ensureServing(ownerUrl);
  const limits = {
    SIGN_IN_SOURCE_FAILURES_MAX: '1000000',
    SIGN_UP_SOURCE_MAX: '1000000',
  };
  pooler = isPooled ? await startPooler(program, [appUrl], { default_pool_size: 4 }) : null;
  const workingUrl = pooler?.reroute(appUrl) ?? appUrl;
  processes.push(await startServerProcess(workingUrl, limits, appUrl));
  processes.push(await startServerProcess(workingUrl, limits, appUrl));
  const urls = processes.map(({ url }) => url);
  const world = await createWorld(urls[0] ?? '', ownerUrl);
  print(`machine: ${describeMachine()}`);
  print(
    `two processes${isPooled ? ' behind a pooler' : ''}, ${requestsPerSecond} requests/s, ${trialsPerKind} trials each: milliseconds from ` +
      'the acknowledgement to the last success of any process',
  );
  for (const kind of listTrials(world)) {
    const windows: number[] = [];
    for (let trial = 0; trial < trialsPerKind; trial += 1) {
      windows.push(await measure(await kind.prepare(trial), urls));
    }
    report(kind.name, windows);
  }
  await world.close();
} finally {
  for (const server of processes) await server.end();
  await pooler?.close();
  await stage.clear();
}

function report(name: string, windows: readonly number[]): void {
  const worst = Math.max(...windows);
  const isMet = worst <= windowMsMax;
  if (!isMet) process.exitCode = 1;
  const figures = `median ${getMedian(windows).toFixed(1)}, worst ${worst.toFixed(1)}`;
  print(`${name.padEnd(40)} ${figures} (at most ${windowMsMax}): ${isMet ? 'met' : 'NOT MET'}`);
}

/** Sends requests at a steady rate, revokes, and continues until both processes reject. */
async function measure(trial: Trial, urls: readonly string[]): Promise<number> {
  const state = { successes: 0, rejections: 0, lastSuccess: 0, isOver: false };
  const pending = new Set<Promise<void>>();
  const send = async (url: string) => {
    const isGood = await trial.probe(url);
    if (isGood) {
      state.successes += 1;
      state.rejections = 0;
      state.lastSuccess = performance.now();
    } else state.rejections += 1;
  };
  const began = performance.now();
  let sent = 0;
  let acknowledged: Promise<number> | null = null;
  const failures: unknown[] = [];
  while (!state.isOver) {
    const due = Math.floor(((performance.now() - began) * requestsPerSecond) / 1_000);
    for (; sent < due; sent += 1) {
      const sending = send(urls[sent % urls.length] ?? '').catch((error) => {
        failures.push(error);
      });
      pending.add(sending);
      void sending.then(() => pending.delete(sending));
    }
    if (acknowledged === null && state.successes >= successesFirst) {
      acknowledged = trial.revoke(urls[0] ?? '').then(() => performance.now());
    }
    if (failures.length > 0) throw failures[0];
    state.isOver = acknowledged !== null && state.rejections >= rejectionsInARow;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(pending);
  return Math.max(0, state.lastSuccess - ((await acknowledged) ?? 0));
}
