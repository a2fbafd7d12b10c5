import '../../support/in-run-folder.ts';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ensureServing } from '../../support/serving.ts';
import type { Load, LoadResult } from './overload/client.ts';
import { count, describe, type Figures, findRecovery, listQuantiles } from './overload/figures.ts';
import { type ServerWatch, watchServer } from './overload/server-watch.ts';
import { createRequestMix, shares } from './overload/world.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';
import { describeMachine, openStage, print } from './stage.ts';

// A server under ten times its capacity. First a closed loop finds the capacity, with several numbers of connections. Then
// requests arrive at fixed times: at 70 % of it, at ten times of it, and at 70 % again. Server, PostgreSQL and client
// share the machine, so the server gets less CPU during the overload, and delays of the client count as latency:
// goodput is a lower bound, p99 an upper bound.

const usualShare = 0.7;
const overloadFactor = 10;
const seconds = { warmUp: 8, closed: 6, usual: 15, overload: 20 };
const connectionCounts = [16, 32, 64];

const bars = {
  /** Share of the peak. */
  goodputMin: 0.8,
  /** Ratio to the usual p99. */
  p99Max: 3,
  /** Ratio of the memory at the end of the overload to that after 5 s. */
  memoryGrowthMax: 1.1,
  recoverySecondsMax: 10,
  /** Share of the intended rate; with less there was no overload. */
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
    // All requests come from one source.
    SIGN_IN_SOURCE_FAILURES_MAX: '1000000',
    SIGN_UP_SOURCE_MAX: '1000000',
    ...pickOverrides(),
  });
  print(`machine: ${describeMachine()}`);
  print(
    `requests in percent: ${Object.entries(shares)
      .map((pair) => pair.join(' '))
      .join(', ')}`,
  );
  client.send(await createRequestMix(server.url, ownerUrl));
  const watch = watchServer(server.metricsUrl);
  const peak = await findPeak();
  watch.mark('peak');
  checkTargets({ peak, ...(await overload(peak, watch)) });
  watch.stop();
} finally {
  client.disconnect();
  await server?.end();
  await stage.clear();
}

/** Settings from the command line: `npm run bench -- overload IN_FLIGHT_MAX=32`. */
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
    printResult(`closed, ${connections} connections`, result, figures);
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
  printResult(name, result, figures);
  return { result, figures };
}

function printResult(name: string, result: LoadResult, figures: Figures): void {
  print(describe(name, figures));
  print(`${' '.repeat(28)} ${listQuantiles(result, Object.keys(shares))}`);
  if (result.firstFailure !== null) print(`first failure: ${result.firstFailure}`);
}

function checkTargets({
  peak,
  usual,
  during,
  offered,
  recoverySeconds,
  memoryGrowth,
}: Measured & { peak: number }) {
  const verdicts: [name: string, value: number, isMet: boolean][] = [
    ['offered rate / ten times the peak', offered, offered >= bars.offeredMin],
    ['goodput / peak', during.goodput / peak, during.goodput >= bars.goodputMin * peak],
    [
      'p99 of accepted requests / usual p99',
      during.p99 / usual.p99,
      during.p99 <= bars.p99Max * usual.p99,
    ],
    ['memory at the end / after 5 s', memoryGrowth, memoryGrowth <= bars.memoryGrowthMax],
    ['seconds to full recovery', recoverySeconds, recoverySeconds <= bars.recoverySecondsMax],
    ['responses neither accepted nor shed', during.failed, during.failed === 0],
  ];
  for (const [name, value, isMet] of verdicts) {
    print(`${name.padEnd(44)} ${value.toFixed(2).padStart(8)}: ${isMet ? 'met' : 'NOT MET'}`);
    if (!isMet) process.exitCode = 1;
  }
}
