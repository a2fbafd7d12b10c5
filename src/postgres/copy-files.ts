import { chown, copyFile, mkdir, open, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Account } from './account.ts';

/**
 * Copies a directory recursively; everything is flushed to disk when it resolves. Skips files that disappear meanwhile,
 * such as tables that a running server drops. `isLeftOut` gets paths relative to `from`.
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

/** Returns the size of the copy, which is flushed to disk; 0 if the file no longer exists. */
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

/** Gives a directory with its content to the account that runs the server. */
export async function giveTo(account: Account, folder: string): Promise<void> {
  if (account.kind === 'self') return;
  const { uid, gid } = account;
  await chown(folder, uid, gid);
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    await chown(path.join(entry.parentPath, entry.name), uid, gid);
  }
}
