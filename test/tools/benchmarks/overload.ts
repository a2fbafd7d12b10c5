import '../../support/in-run-folder.ts';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ensureServing } from '../../support/serving.ts';
import type { Load, LoadResult } from './overload/client.ts';
import { count, describe, type Figures, findRecovery, listQuantiles } from './overload/figures.ts';
import { type ServerWatch, watchServer } from './overload/server-watch.ts';
import { createShots, shares } from './overload/world.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';
import { describeMachine, openStage, print } from './stage.ts';

// What a server does with ten times as much as it can do. First a closed loop finds what that is, at several
// numbers of connections; then requests arrive by the clock: at 70 % of it, at ten times of it, at 70 % again.
// Server, PostgreSQL and the client share the machine, so during the overload the server has less of it than
// before, and what the client is late by counts as latency: goodput is a lower bound, p99 an upper one.

const usualShare = 0.7;
const overloadFactor = 10;
const seconds = { warmUp: 8, closed: 6, usual: 15, overload: 20 };
const connectionCounts = [16, 32, 64];

const bars = {
  /** Of the peak. */
  goodputMin: 0.8,
  /** Times the usual. */
  p99Max: 3,
  /** From 5 s into the overload to its end. */
  memoryGrowthMax: 1.1,
  recoverySecondsMax: 10,
  /** Of what was to be offered: below that it was no overload. */
  offeredMin: 0.95,
};

const stage = await openStage();
const client = fork(fileURLToPath(new URL('./overload/client.ts', import.meta.url)), {
  serialization: 'advanced',
});
let server: ServerProcess | null = null;
try {
  const ownerUrl = await stage.createDatabase('overload');
  server = await startServerProcess(await ensureServing(ownerUrl), {
    METRICS_PORT: '0',
    // All come from one address.
    SIGN_IN_SOURCE_FAILURES_MAX: '1000000',
    SIGN_UP_SOURCE_MAX: '1000000',
    ...pickOverrides(),
  });
  print(`machine: ${describeMachine()}`);
  print(
    `of a hundred requests: ${Object.entries(shares)
      .map((pair) => pair.join(' '))
      .join(', ')}`,
  );
  client.send(await createShots(server.url, ownerUrl));
  const watch = watchServer(server.metricsUrl);
  const peak = await findPeak();
  watch.mark('peak');
  judge({ peak, ...(await overload(peak, watch)) });
  watch.stop();
} finally {
  client.disconnect();
  await server?.end();
  await stage.clear();
}

/** For trying other settings: `npm run bench -- overload IN_FLIGHT_MAX=32`. */
function pickOverrides(): Record<string, string> {
  return Object.fromEntries(process.argv.slice(2).map((argument) => argument.split('=', 2)));
}

async function run(load: Load): Promise<LoadResult> {
  client.send(load);
  const [result] = await once(client, 'message');
  return result as LoadResult;
}

async function findPeak(): Promise<number> {
  await run({ kind: 'closed', connections: 64, seconds: seconds.warmUp });
  let peak = 0;
  for (const connections of connectionCounts) {
    const result = await run({ kind: 'closed', connections, seconds: seconds.closed });
    const figures = count(result, seconds.closed);
    tell(`closed, ${connections} connections`, result, figures);
    peak = Math.max(peak, figures.goodput);
  }
  return peak;
}

type Measured = {
  usual: Figures;
  during: Figures;
  offered: number;
  recoverySeconds: number;
  memoryGrowth: number;
};

async function overload(peak: number, watch: ServerWatch): Promise<Measured> {
  const usualRate = peak * usualShare;
  const before = await open('usual', usualRate, seconds.usual);
  watch.mark('before');
  const during = await open('ten times the peak', peak * overloadFactor, seconds.overload);
  watch.mark('during');
  const after = await open('usual again', usualRate, seconds.usual);
  watch.mark('after');
  for (const line of watch.describe()) print(line);
  return {
    usual: before.figures,
    during: during.figures,
    offered: during.figures.offeredPerSecond / (peak * overloadFactor),
    recoverySeconds: findRecovery(after.result, before.figures.p99 * bars.p99Max),
    memoryGrowth: watch.getGrowth('during', 5),
  };
}

async function open(name: string, perSecond: number, lasts: number) {
  const result = await run({ kind: 'open', perSecond, seconds: lasts });
  const figures = count(result, lasts);
  tell(name, result, figures);
  return { result, figures };
}

function tell(name: string, result: LoadResult, figures: Figures): void {
  print(describe(name, figures));
  print(`${' '.repeat(28)} ${listQuantiles(result, Object.keys(shares))}`);
  if (result.fault !== null) print(`a failure: ${result.fault}`);
}

function judge({
  peak,
  usual,
  during,
  offered,
  recoverySeconds,
  memoryGrowth,
}: Measured & { peak: number }) {
  const verdicts: [what: string, value: number, isMet: boolean][] = [
    ['offered, of ten times the peak', offered, offered >= bars.offeredMin],
    ['goodput, of the peak', during.goodput / peak, during.goodput >= bars.goodputMin * peak],
    [
      'p99 of what is accepted, times the usual',
      during.p99 / usual.p99,
      during.p99 <= bars.p99Max * usual.p99,
    ],
    [
      'memory at the end, times that 5 s into it',
      memoryGrowth,
      memoryGrowth <= bars.memoryGrowthMax,
    ],
    ['seconds to full recovery', recoverySeconds, recoverySeconds <= bars.recoverySecondsMax],
    ['responses that were neither', during.failed, during.failed === 0],
  ];
  for (const [what, value, isMet] of verdicts) {
    print(`${what.padEnd(44)} ${value.toFixed(2).padStart(8)}: ${isMet ? 'met' : 'NOT MET'}`);
    if (!isMet) process.exitCode = 1;
  }
}
