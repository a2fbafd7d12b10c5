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
 * Puts a copied cluster in the place of the one in `dataDir`. `prepare` is given a data folder that holds
 * nothing but the copy; only when it has resolved does the copy take its place, in one step, so that
 * nobody is ever served from one that is not prepared. Answers where the replaced cluster lies now, or
 * null where there was none. Throws EmbeddedError where a server runs there, and what `prepare` throws.
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
    // A start sweeps away folders of this name that a killed program has left.
    const workshop = path.join(folders.dataDir, `postgres.new-${randomBytes(4).toString('hex')}`);
    try {
      await lay(copy, workshop);
      await prepare(workshop);
      return await takePlace(nameFolders(workshop).pgData, folders.pgData);
    } finally {
      await rm(workshop, { recursive: true, force: true });
    }
  });
}

async function lay(copy: string, workshop: string): Promise<void> {
  await mkdir(workshop, { mode: 0o700 });
  const { pgData } = nameFolders(workshop);
  await copyFolder(copy, pgData, () => false);
  const binaries = await prepareBinaries();
  await giveTo(await findAccount([...Object.values(binaries), path.dirname(workshop)]), workshop);
}

async function takePlace(prepared: string, pgData: string): Promise<string | null> {
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
