import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** Time on a core so far in ms, by process; null where there is no /proc. */
export type CpuTimes = ReadonlyMap<number, number> | null;

/** Reads it. A process that has ended is left out. */
export async function readCpuTimes(pids: readonly number[]): Promise<CpuTimes> {
  if (process.platform !== 'linux') return null;
  const times = new Map<number, number>();
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
    if (stat === null) continue;
    // The name of a process may hold spaces; after its bracket the fields are counted from the third.
    const fields = stat.split(') ')[1]?.split(' ') ?? [];
    times.set(pid, ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond()) * 1_000);
  }
  return times;
}

/**
 * What the processes used that were there both times. Anyone who came or went in between is left out: pools are
 * full before anything is measured, so that is a connection which was replaced. Pure.
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
