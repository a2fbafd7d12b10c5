import '../../support/in-run-folder.ts';
import { findPgBouncer, type Pooler, startPooler } from '../../support/pooler.ts';
import { ensureServing } from '../../support/serving.ts';
import { listTrials, type Trial } from './revocation/trials.ts';
import { createWorld } from './revocation/world.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';
import { describeMachine, getMedian, openStage, print } from './stage.ts';

// How long something that was taken away still works: from the moment its end was acknowledged by one
// process to the last answer of either process that still let it through, under a steady load that
// asks both in turn. With `-- --pooler` both work through a PgBouncer, with fewer connections than they have.

const requestsPerSecond = 500;
const trialsPerKind = 100;
/** What is promised, in milliseconds. */
const windowMsMax = 1_000;
/** How many errors in a row, over both processes, mean that it is over. */
const rejectionsInARow = 100;
/** Successes on both processes before anything is taken away. */
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
      'the acknowledgement to the last success anywhere',
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

/** Asks at a steady rate, takes it away, and goes on until it is rejected everywhere. */
async function measure(trial: Trial, urls: readonly string[]): Promise<number> {
  const state = { successes: 0, rejections: 0, lastSuccess: 0, isOver: false };
  const pending = new Set<Promise<void>>();
  const ask = async (url: string) => {
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
  const faults: unknown[] = [];
  while (!state.isOver) {
    const due = Math.floor(((performance.now() - began) * requestsPerSecond) / 1_000);
    for (; sent < due; sent += 1) {
      const asked = ask(urls[sent % urls.length] ?? '').catch((error) => {
        faults.push(error);
      });
      pending.add(asked);
      void asked.then(() => pending.delete(asked));
    }
    if (acknowledged === null && state.successes >= successesFirst) {
      acknowledged = trial.end(urls[0] ?? '').then(() => performance.now());
    }
    if (faults.length > 0) throw faults[0];
    state.isOver = acknowledged !== null && state.rejections >= rejectionsInARow;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(pending);
  return Math.max(0, state.lastSuccess - ((await acknowledged) ?? 0));
}
