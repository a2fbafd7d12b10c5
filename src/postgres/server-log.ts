import { chown, open, rename, stat } from 'node:fs/promises';
import type { Account } from './account.ts';
import type { ClusterFolders } from './folders.ts';

/** Above this size a start rotates the log; one older log is kept. */
const logBytesMax = 10 * 1024 * 1024;

/** Creates the log file for the account if needed, and returns its size in bytes. */
export async function startLog({ logFile }: ClusterFolders, account: Account): Promise<number> {
  const sizeBefore = await sizeOf(logFile);
  if (sizeBefore > logBytesMax) await rename(logFile, `${logFile}.old`);
  await (await open(logFile, 'a', 0o600)).close();
  if (account.kind === 'postgres') await chown(logFile, account.uid, account.gid);
  return sizeOf(logFile);
}

/** The log since byte `start`, at most its last 2,000 characters. */
export async function readLogSince({ logFile }: ClusterFolders, start: number): Promise<string> {
  const file = await open(logFile, 'r');
  try {
    const { size } = await file.stat();
    const from = Math.max(start, size - 8_000);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    return buffer.toString('utf8', 0, bytesRead).trim().slice(-2_000);
  } finally {
    await file.close();
  }
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
