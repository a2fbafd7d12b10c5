import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { announceWaitAfterMs, type Log, silentLog } from './log.ts';
import { getOwnToken, isRunning } from './process-token.ts';

/** Age at which a lock file without a token is stale: its writer was killed while creating it. */
const unfinishedMsMax = 5_000;

/**
 * Runs `task` while holding a lock file, exclusively across processes and calls, and returns its result. The lock of a
 * dead process is taken over. A wait of 2 s is logged once.
 * @throws Error naming the holder after `deadlineSeconds`
 */
export async function withFileLock<T>(
  path: string,
  { deadlineSeconds, log = silentLog }: { deadlineSeconds: number; log?: Log },
  task: () => Promise<T>,
): Promise<T> {
  const began = Date.now();
  const deadline = began + deadlineSeconds * 1_000;
  let isAnnounced = false;
  while (!(await tryLock(path))) {
    if (!isAnnounced && Date.now() - began >= announceWaitAfterMs) {
      isAnnounced = true;
      const [pid] = (await readToken(path)).split(' ');
      log.warn({ file: path, heldBy: `process ${pid}` }, 'waiting for a lock');
    }
    if (Date.now() > deadline) {
      const holder = await readToken(path);
      throw new Error(`${path} is still held by process ${holder} after ${deadlineSeconds} s`);
    }
    await sleep(20 + Math.random() * 30);
  }
  try {
    return await task();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  if (await tryCreate(path)) return true;
  const holder = await readToken(path);
  if (await isAbandoned(path, holder)) await removeStale(path, holder);
  return false;
}

/**
 * Removes the lock of a dead holder. A second lock file allows one process at a time to do so, and it checks the holder
 * again, so a new lock is never removed.
 */
async function removeStale(path: string, deadHolder: string): Promise<void> {
  const permit = `${path}.takeover`;
  if (!(await tryCreate(permit))) {
    if (await isAbandoned(permit, await readToken(permit))) await rm(permit, { force: true });
    return;
  }
  try {
    if ((await readToken(path)) === deadHolder) await rm(path, { force: true });
  } finally {
    await rm(permit, { force: true });
  }
}

async function isAbandoned(path: string, holder: string): Promise<boolean> {
  if (holder) return !isRunning(holder);
  try {
    return Date.now() - (await stat(path)).mtimeMs > unfinishedMsMax;
  } catch {
    return false;
  }
}

async function tryCreate(path: string): Promise<boolean> {
  try {
    await writeFile(path, getOwnToken(), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function readToken(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
