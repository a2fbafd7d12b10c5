import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { withFileLock } from '../../../src/lib/file-lock.ts';
import { getOwnToken, isRunning } from '../../../src/lib/process-token.ts';

async function createLockPath(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-lock-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return path.join(folder, 'lock');
}

/** How many of `count` tasks were inside at the same moment, at most. */
async function measureCrowd(lock: string, count: number): Promise<number> {
  let inside = 0;
  let insideMax = 0;
  const task = async () => {
    inside += 1;
    insideMax = Math.max(insideMax, inside);
    await sleep(2);
    inside -= 1;
  };
  const tasks = Array.from({ length: count }, () =>
    withFileLock(lock, { deadlineSeconds: 30 }, task),
  );
  await Promise.all(tasks);
  return insideMax;
}

test('one at a time is inside, and the lock is gone afterwards', async () => {
  const lock = await createLockPath();
  expect(await measureCrowd(lock, 20)).toBe(1);
  expect(await readdir(path.dirname(lock))).toEqual([]);
});

test('the lock of a dead process is taken over, by one at a time', async () => {
  const lock = await createLockPath();
  await writeFile(lock, `${process.pid} 1`);
  expect(await measureCrowd(lock, 20)).toBe(1);
});

test('a lock whose holder was killed before it had signed is taken over', async () => {
  const lock = await createLockPath();
  await writeFile(lock, '');
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(lock, longAgo, longAgo);
  expect(await measureCrowd(lock, 2)).toBe(1);
});

test('a living holder is waited for until the deadline, and the task that fails lets go', async () => {
  const lock = await createLockPath();
  const failing = withFileLock(lock, { deadlineSeconds: 1 }, () =>
    withFileLock(lock, { deadlineSeconds: 0.1 }, () => Promise.resolve()),
  );
  await expect(failing).rejects.toThrow(`still held by process ${process.pid}`);
  expect(await measureCrowd(lock, 1)).toBe(1);
});

test('a process is known by more than its pid', () => {
  expect(isRunning(getOwnToken())).toBe(true);
  expect(isRunning(`${process.pid} 1`)).toBe(false);
  expect(isRunning('')).toBe(false);
  expect(isRunning('nonsense')).toBe(false);
});
