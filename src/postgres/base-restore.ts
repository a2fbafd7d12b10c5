import { randomBytes } from 'node:crypto';
import { mkdir, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { withFileLock } from '../lib/file-lock.ts';
import { findAccount } from './account.ts';
import { prepareBinaries } from './binaries.ts';
import { copyFolder, giveTo } from './copy-files.ts';
import { EmbeddedError } from './embedded-error.ts';
import { nameFolders } from './folders.ts';
import { findRunning } from './postmaster.ts';

/**
 * Replaces the cluster in `dataDir` by a copy. `prepare` gets a data directory with the copy alone; the swap follows
 * in one step when it resolves, so no server uses an unprepared copy. Returns where the replaced cluster is now, or
 * null if there was none. Throws EmbeddedError if a server runs there, and what `prepare` throws.
 */
export async function replaceCluster(
  copy: string,
  dataDir: string,
  prepare: (dataDir: string) => Promise<void>,
): Promise<string | null> {
  await mkdir(dataDir, { recursive: true });
  const folders = nameFolders(await realpath(dataDir));
  return withFileLock(folders.lockFile, { deadlineSeconds: 180 }, async () => {
    if ((await findRunning(folders)) !== null) {
      throw new EmbeddedError(`A PostgreSQL runs on ${folders.pgData}: stop the server first`);
    }
    // The next start deletes directories of this name that a killed program left.
    const stagingDir = path.join(folders.dataDir, `postgres.new-${randomBytes(4).toString('hex')}`);
    try {
      await stage(copy, stagingDir);
      await prepare(stagingDir);
      return await swap(nameFolders(stagingDir).pgData, folders.pgData);
    } finally {
      await rm(stagingDir, { recursive: true, force: true });
    }
  });
}

async function stage(copy: string, stagingDir: string): Promise<void> {
  await mkdir(stagingDir, { mode: 0o700 });
  const { pgData } = nameFolders(stagingDir);
  await copyFolder(copy, pgData, () => false);
  const binaries = await prepareBinaries();
  await giveTo(
    await findAccount([...Object.values(binaries), path.dirname(stagingDir)]),
    stagingDir,
  );
}

async function swap(prepared: string, pgData: string): Promise<string | null> {
  const stamp = new Date().toISOString().replaceAll(/[^0-9TZ]/g, '');
  const aside = `${pgData}.before-${stamp}`;
  const isReplacing = await stat(pgData).then(
    () => true,
    () => false,
  );
  if (isReplacing) await rename(pgData, aside);
  await rename(prepared, pgData);
  return isReplacing ? aside : null;
}
