import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** CPU time in ms so far, by process; null where /proc is not available. */
export type CpuTimes = ReadonlyMap<number, number> | null;

/** Reads the CPU times. A process that has exited is omitted. */
export async function readCpuTimes(pids: readonly number[]): Promise<CpuTimes> {
  if (process.platform !== 'linux') return null;
  const times = new Map<number, number>();
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
    if (stat === null) continue;
    // The process name may contain spaces; the text after its bracket starts with the third field.
    const fields = stat.split(') ')[1]?.split(' ') ?? [];
    times.set(pid, ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond()) * 1_000);
  }
  return times;
}

/**
 * CPU time of the processes that exist both before and after. Others are omitted: since the pools are full before a
 * measurement, they are connections that were replaced. Pure.
 */
export function subtractCpu(after: CpuTimes, before: CpuTimes): number | null {
  if (after === null || before === null) return null;
  let sum = 0;
  for (const [pid, ms] of after) sum += ms - (before.get(pid) ?? ms);
  return sum;
}

let knownTicks: number | undefined;
function ticksPerSecond(): number {
  knownTicks ??= Number(execFileSync('getconf', ['CLK_TCK']).toString());
  return knownTicks;
}
