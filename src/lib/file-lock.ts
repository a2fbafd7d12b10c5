import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { announceWaitAfterMs, type Log, silentLog } from './log.ts';
import { getOwnToken, isRunning } from './process-token.ts';

/** How long a lock file may stay without a readable token: its writer was killed in between. */
const unfinishedMsMax = 5_000;

/**
 * Runs `task` while no other process (or other call in this one) runs under the same lock file,
 * and returns its result. A lock whose holder died is taken over, so no kill leaves it shut.
 * A wait of 2 s is logged once. Throws an Error naming the holder once `deadlineSeconds` have passed.
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
  if (await isAbandoned(path, holder)) await takeAway(path, holder);
  return false;
}

/**
 * Removes the lock of a dead holder. Of several who want to, one at a time may, and it looks again
 * first: nobody else can have removed that lock meanwhile, so a fresh lock is never taken away.
 */
async function takeAway(path: string, deadHolder: string): Promise<void> {
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
