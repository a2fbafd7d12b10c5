import { randomBytes } from 'node:crypto';
import { chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Account, run } from './account.ts';
import type { PostgresBinaries } from './binaries.ts';
import { EmbeddedError, useOwnServer } from './embedded-error.ts';
import { type ClusterFolders, nameFolders } from './folders.ts';

/** The major version of the npm package. */
const packagedVersion = '18';

/**
 * Creates the cluster if it does not exist, and returns the owner's password. A new cluster is built in a temporary
 * directory and moved into place when complete, so a kill leaves no partial cluster. Call it under the cluster's lock.
 * Throws EmbeddedError for a directory of another user, of another version, or without a cluster.
 */
export async function initialise(
  folders: ClusterFolders,
  { binaries, account }: { binaries: PostgresBinaries; account: Account },
  majorVersion: string = packagedVersion,
): Promise<string> {
  await deleteLeftovers(folders);
  if (!(await exists(folders.pgData))) await createCluster(folders, { binaries, account });
  await verifyOwner(folders);
  return readPassword(folders, majorVersion);
}

async function createCluster(
  folders: ClusterFolders,
  { binaries, account }: { binaries: PostgresBinaries; account: Account },
): Promise<void> {
  const stagingDir = path.join(folders.dataDir, `postgres.new-${randomBytes(4).toString('hex')}`);
  const unfinished = nameFolders(stagingDir);
  const passwordFile = path.join(stagingDir, 'password');
  await createOwned(account, stagingDir, 'folder');
  await createOwned(account, passwordFile, 'password');
  const outcome = await run(account, binaries.initdb, [
    `--pgdata=${unfinished.pgData}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The same sort order and case rules on every machine, independent of its C library.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--data-checksums',
    '--no-instructions',
  ]);
  if (!outcome.isSuccess) throw new EmbeddedError(`initdb failed: ${outcome.output}`);
  await rename(passwordFile, unfinished.passwordFile);
  await rename(unfinished.pgData, folders.pgData);
  await rm(stagingDir, { recursive: true, force: true });
}

/** Creates a directory (0700) or password file (0600) that belongs to the account. */
async function createOwned(account: Account, target: string, kind: 'folder' | 'password') {
  if (kind === 'folder') await mkdir(target, { mode: 0o700 });
  else await writeFile(target, randomBytes(24).toString('base64url'), { mode: 0o600 });
  if (account.kind === 'postgres') await chown(target, account.uid, account.gid);
}

/** Ignores errors: an orphaned initdb may still write into one of these, and the next start tries again. */
async function deleteLeftovers({ dataDir }: ClusterFolders): Promise<void> {
  const leftovers = (await readdir(dataDir)).filter((name) => name.startsWith('postgres.new-'));
  for (const name of leftovers) {
    await rm(path.join(dataDir, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

async function verifyOwner({ pgData }: ClusterFolders): Promise<void> {
  const { uid } = await stat(pgData);
  const ownUid = process.getuid?.() ?? uid;
  if (ownUid === 0 || ownUid === uid) return;
  throw new EmbeddedError(
    `${pgData} belongs to the user with id ${uid}: start as that user, remove it, ${useOwnServer}`,
  );
}

async function readPassword(
  { pgData, passwordFile }: ClusterFolders,
  majorVersion: string,
): Promise<string> {
  const version = await readFile(path.join(pgData, 'PG_VERSION'), 'utf8').catch(() => '');
  const password = await readFile(passwordFile, 'utf8').catch(() => '');
  if (!version || !password) {
    throw new EmbeddedError(`${pgData} is not a cluster made by this program: move it away`);
  }
  if (version.trim() !== majorVersion) {
    throw new EmbeddedError(
      `${pgData} was made by PostgreSQL ${version.trim()} and this is ${majorVersion}: ` +
        'dump it with the old program, or move it away',
    );
  }
  return password.trim();
}

async function exists(target: string): Promise<boolean> {
  return stat(target).then(
    () => true,
    () => false,
  );
}
