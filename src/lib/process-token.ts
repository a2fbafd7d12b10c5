import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Identifies a process: `<pid> <start time>`. The pid alone is not enough, because the system reuses pids.
 */
export type ProcessToken = string;

/** The token of this process. */
export function getOwnToken(): ProcessToken {
  return `${process.pid} ${findStartTime(process.pid) ?? 'unknown'}`;
}

/** Whether the process of this token still runs. False for invalid tokens. */
export function isRunning(token: ProcessToken): boolean {
  const [pidText = '', ...rest] = token.trim().split(' ');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  return findStartTime(pid) === rest.join(' ');
}

/** Whether any user's process has this pid. */
export function hasProcess(pid: number): boolean {
  return findStartTime(pid) !== null;
}

/** Returns the command line of a process, or null if unknown. */
export function findCommandLine(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    }
    if (process.platform === 'win32') return null;
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}

function findStartTime(pid: number): string | null {
  if (process.platform === 'linux') return findLinuxStartTime(pid);
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it exists and belongs to another user.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return null;
  }
  if (process.platform === 'win32') return 'running';
  try {
    const startTime = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
    });
    return startTime.trim() || null;
  } catch {
    return null;
  }
}

/** Field 22 of /proc/<pid>/stat (clock ticks since boot), man 5 proc. A zombie counts as gone. */
function findLinuxStartTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in field 2 may have spaces and brackets, so count from its last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
