import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * A process as text: `<pid> <when it began>`. A pid alone is not enough, because the system hands
 * out the pid of a dead process again; two processes never share both.
 */
export type ProcessToken = string;

/** The token of this very process. */
export function getOwnToken(): ProcessToken {
  return `${process.pid} ${findBeginning(process.pid) ?? 'unknown'}`;
}

/** Whether the process that wrote this token still runs. False for text that is no token. */
export function isRunning(token: ProcessToken): boolean {
  const [pidText = '', ...rest] = token.trim().split(' ');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  return findBeginning(pid) === rest.join(' ');
}

/** Whether any process has this pid now, no matter who owns it. */
export function hasProcess(pid: number): boolean {
  return findBeginning(pid) !== null;
}

/** The command line of a process, or null where there is none or the system does not tell. */
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

function findBeginning(pid: number): string | null {
  if (process.platform === 'linux') return findLinuxBeginning(pid);
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it exists and belongs to somebody else.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return null;
  }
  if (process.platform === 'win32') return 'running';
  try {
    const began = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
    return began.trim() || null;
  } catch {
    return null;
  }
}

/** Field 22 of /proc/<pid>/stat (clock ticks since boot), man 5 proc. A zombie counts as gone. */
function findLinuxBeginning(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in field 2 may hold spaces and brackets: count from its last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
