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

/** The largest number of `count` tasks that held the lock at the same time. */
async function countHolders(lock: string, count: number): Promise<number> {
  let holders = 0;
  let holdersMax = 0;
  const task = async () => {
    holders += 1;
    holdersMax = Math.max(holdersMax, holders);
    await sleep(2);
    holders -= 1;
  };
  const tasks = Array.from({ length: count }, () =>
    withFileLock(lock, { deadlineSeconds: 30 }, task),
  );
  await Promise.all(tasks);
  return holdersMax;
}

test('one task at a time holds the lock, and its file is removed afterwards', async () => {
  const lock = await createLockPath();
  expect(await countHolders(lock, 20)).toBe(1);
  expect(await readdir(path.dirname(lock))).toEqual([]);
});

test('the lock of a dead process is taken over by one task at a time', async () => {
  const lock = await createLockPath();
  await writeFile(lock, `${process.pid} 1`);
  expect(await countHolders(lock, 20)).toBe(1);
});

test('a lock whose holder was killed before it wrote its token is taken over', async () => {
  const lock = await createLockPath();
  await writeFile(lock, '');
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(lock, longAgo, longAgo);
  expect(await countHolders(lock, 2)).toBe(1);
});

test('a task waits for a live holder until the deadline, and a failed task releases the lock', async () => {
  const lock = await createLockPath();
  const failing = withFileLock(lock, { deadlineSeconds: 1 }, () =>
    withFileLock(lock, { deadlineSeconds: 0.1 }, () => Promise.resolve()),
  );
  await expect(failing).rejects.toThrow(`still held by process ${process.pid}`);
  expect(await countHolders(lock, 1)).toBe(1);
});

test('a process is identified by more than its pid', () => {
  expect(isRunning(getOwnToken())).toBe(true);
  expect(isRunning(`${process.pid} 1`)).toBe(false);
  expect(isRunning('')).toBe(false);
  expect(isRunning('nonsense')).toBe(false);
});
