import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findCommandLine, hasProcess } from '../lib/process-token.ts';
import { type Account, run } from './account.ts';
import type { PostgresBinaries } from './binaries.ts';
import { EmbeddedError } from './embedded-error.ts';
import type { ClusterFolders } from './folders.ts';
import { findFreePort, isPortFree } from './port.ts';
import { readLogSince, startLog } from './server-log.ts';
import { type ServerSettings, writeSettings } from './settings.ts';

/** How to run PostgreSQL's programs for one cluster. */
export type Programs = { binaries: PostgresBinaries; account: Account };

/** After a crash the server replays its write-ahead log first. */
const startSecondsMax = 120;
const startAttemptsMax = 10;
/** A pid that no system assigns (the maximum on Linux is 2^22). */
const impossiblePid = 2_147_483_646;

/**
 * The port of the server that runs on this data directory, or null if there is none. Waits for a server that is
 * starting or stopping. Throws EmbeddedError after 120 s.
 */
export async function findRunning(folders: ClusterFolders): Promise<number | null> {
  const deadline = Date.now() + startSecondsMax * 1_000;
  while (Date.now() < deadline) {
    const postmaster = await readPostmaster(folders);
    if (!postmaster) return null;
    if (!hasProcess(postmaster.pid) || !isOurs(postmaster.pid, folders)) {
      await clearPid(folders);
      return null;
    }
    if (postmaster.status === 'ready') return postmaster.port;
    await sleep(50);
  }
  throw new EmbeddedError(
    `PostgreSQL neither started nor stopped within ${startSecondsMax} s: see ${folders.logFile}`,
  );
}

/**
 * Starts the server and returns its port: the preferred one if it is free. `pg_ctl` starts the server in a session of
 * its own, so a Ctrl-C in the terminal does not reach the database.
 */
export async function startPostmaster(
  folders: ClusterFolders,
  programs: Programs,
  settings: ServerSettings & { preferredPort: number | undefined },
): Promise<number> {
  let failure = '';
  for (let attempt = 1; attempt <= startAttemptsMax; attempt += 1) {
    const port = await choosePort(attempt === 1 ? settings.preferredPort : undefined);
    await writeSettings(folders, programs.account, { ...settings, port });
    const logStart = await startLog(folders, programs.account);
    const outcome = await run(programs.account, programs.binaries.pgCtl, [
      ...['start', '--silent', '--wait', `--timeout=${startSecondsMax}`],
      `--pgdata=${folders.pgData}`,
      `--log=${folders.logFile}`,
    ]);
    if (outcome.isSuccess) return port;
    failure = (await readLogSince(folders, logStart)) || outcome.output;
    if (!isWorthRetrying(failure)) break;
    await sleep(200);
  }
  throw new EmbeddedError(`PostgreSQL did not start (${folders.logFile}): ${failure}`);
}

/** Stops the server. Open transactions are rolled back; everything is on disk when it resolves. */
export async function stopPostmaster(
  folders: ClusterFolders,
  { binaries, account }: Programs,
): Promise<void> {
  const stop = ['stop', '--silent', '--wait', `--pgdata=${folders.pgData}`];
  const fast = await run(account, binaries.pgCtl, [...stop, '--mode=fast', '--timeout=30']);
  if (fast.isSuccess || !(await readPostmaster(folders))) return;
  const immediate = await run(account, binaries.pgCtl, [
    ...stop,
    '--mode=immediate',
    '--timeout=30',
  ]);
  if (immediate.isSuccess || !(await readPostmaster(folders))) return;
  throw new EmbeddedError(`PostgreSQL did not stop: ${immediate.output}`);
}

/** Another program took the port, or processes of a killed server are still running. */
function isWorthRetrying(failure: string): boolean {
  return /could not bind|could not create any TCP|shared memory block .* still in use/.test(
    failure,
  );
}

async function choosePort(preferred: number | undefined): Promise<number> {
  if (preferred !== undefined && (await isPortFree(preferred))) return preferred;
  return findFreePort();
}

/** The lines of postmaster.pid (miscadmin.h of PostgreSQL). */
async function readPostmaster(
  folders: ClusterFolders,
): Promise<{ pid: number; port: number; status: string } | null> {
  const text = await readFile(pidFile(folders), 'utf8').catch(() => '');
  const lines = text.split('\n').map((line) => line.trim());
  const [pid, , , port, , , , status = ''] = lines;
  return pid ? { pid: Number(pid), port: Number(port), status } : null;
}

/** After a crash the pid in the file may belong to another program. */
function isOurs(pid: number, { pgData }: ClusterFolders): boolean {
  const commandLine = findCommandLine(pid);
  return commandLine === null || (commandLine.includes('postgres') && commandLine.includes(pgData));
}

/**
 * The server does not start while a process with the recorded pid exists, even if it is another program or a zombie (as
 * in a container without an init). Only the pid is replaced, because the server needs the rest of the file to check
 * that no orphaned process uses the data.
 */
async function clearPid(folders: ClusterFolders): Promise<void> {
  const [, ...rest] = (await readFile(pidFile(folders), 'utf8')).split('\n');
  await writeFile(pidFile(folders), [impossiblePid, ...rest].join('\n'));
}

function pidFile({ pgData }: ClusterFolders): string {
  return path.join(pgData, 'postmaster.pid');
}
