// Cleans up after a test run, even a killed one: waits until the pipe from the run is closed, then ends every process
// that uses the folder of the run and removes the folder.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** PostgreSQL ends within a second of a SIGQUIT; a process that has not ended after this time is killed. */
const patienceMs = 10_000;

const folder = process.argv[2] ?? '';
if (!path.basename(folder).startsWith('tenantry-test-')) throw new Error(`not a run: "${folder}"`);
process.on('SIGHUP', () => undefined);
process.stdin.on('error', () => undefined).resume();
await once(process.stdin, 'close');
await endAll();
await rm(folder, { recursive: true, force: true, maxRetries: 10 });

async function endAll(): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const pids = listProcesses();
    if (pids.length === 0) return;
    const isLate = Date.now() > deadline;
    for (const pid of pids) signal(pid, isLate ? 'SIGKILL' : 'SIGQUIT');
    await sleep(100);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // The process has already ended.
  }
}

/** The pids that name the folder in their arguments, environment or working directory. */
function listProcesses(): number[] {
  if (process.platform === 'win32') return [];
  if (process.platform !== 'linux') return listByCommandLine();
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && isOnFolder(pid));
}

function isOnFolder(pid: number): boolean {
  const read = (file: string) => tryOr(() => readFileSync(`/proc/${pid}/${file}`, 'utf8'), '');
  const cwd = tryOr(() => readlinkSync(`/proc/${pid}/cwd`), '');
  return [read('cmdline'), read('environ'), cwd].some((text) => text.includes(folder));
}

function listByCommandLine(): number[] {
  const lines = execFileSync('ps', ['-axo', 'pid=,command='], { encoding: 'utf8' }).split('\n');
  return lines
    .filter((line) => line.includes(folder))
    .map((line) => Number.parseInt(line, 10))
    .filter((pid) => pid !== process.pid);
}

function tryOr<T>(read: () => T, fallback: T): T {
  try {
    return read();
  } catch {
    return fallback;
  }
}
