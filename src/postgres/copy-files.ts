import { chown, copyFile, mkdir, open, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Account } from './account.ts';

/**
 * Copies a folder's files and folders, each on disk when it resolves. What vanishes meanwhile is left
 * out, as the tables that a running server drops. `isLeftOut` judges paths relative to `from`.
 */
export async function copyFolder(
  from: string,
  to: string,
  isLeftOut: (relative: string) => boolean,
): Promise<{ files: number; bytes: number }> {
  const sum = { files: 0, bytes: 0 };
  const visit = async (relative: string): Promise<void> => {
    await mkdir(path.join(to, relative), { recursive: true, mode: 0o700 });
    for (const entry of await readdir(path.join(from, relative), { withFileTypes: true })) {
      const inner = path.posix.join(relative, entry.name);
      if (isLeftOut(inner)) continue;
      if (entry.isDirectory()) await visit(inner);
      else if (entry.isFile()) {
        sum.bytes += await copyOnto(path.join(from, inner), path.join(to, inner));
        sum.files += 1;
      }
    }
  };
  await visit('');
  return sum;
}

/** Returns the size of the copy, which is on disk; 0 for a file that is no more. */
export async function copyOnto(from: string, to: string): Promise<number> {
  try {
    await copyFile(from, to);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
    throw error;
  }
  const file = await open(to, 'r+');
  try {
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** Hands a folder with all that is in it to the account that the server runs as. */
export async function giveTo(account: Account, folder: string): Promise<void> {
  if (account.kind === 'self') return;
  const { uid, gid } = account;
  await chown(folder, uid, gid);
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    await chown(path.join(entry.parentPath, entry.name), uid, gid);
  }
}
