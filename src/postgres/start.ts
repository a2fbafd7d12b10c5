import { access, constants, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { withFileLock } from '../lib/file-lock.ts';
import type { Log } from '../lib/log.ts';
import { getOwnToken, isRunning } from '../lib/process-token.ts';
import { findAccount } from './account.ts';
import { prepareBinaries } from './binaries.ts';
import { createDatabase } from './database.ts';
import { EmbeddedError, useOwnServer } from './embedded-error.ts';
import { type ClusterFolders, nameFolders } from './folders.ts';
import { initialise } from './initialise.ts';
import { findRunning, type Programs, startPostmaster, stopPostmaster } from './postmaster.ts';

/** A PostgreSQL that listens on 127.0.0.1 only. */
export type EmbeddedCluster = {
  /** The superuser's url of the database `tenantry`. */
  ownerUrl: string;
  port: number;
  /** Whether this process started or adopted the server, and therefore stops it. */
  isOwner: boolean;
  /** Stops the server if this process owns it. May be called twice. */
  stop: () => Promise<void>;
};

/** The server to start. */
export type EmbeddedOptions = {
  /** Created if missing; the cluster is in its subdirectory `postgres`. */
  dataDir: string;
  /** Used if free; otherwise any free port. */
  port?: number | undefined;
  /** The shipped postgresql.conf. */
  settingsFile: string;
  /** Override the shipped settings; tests turn fsync off. */
  overrides?: Readonly<Record<string, string>>;
  /** Another major version, and the directory of its platform package: for tests. */
  otherVersion?: { major: string; root: string } | undefined;
  log: Log;
};

/** Longest wait for another process that starts or stops the same cluster, including crash recovery. */
const lockDeadlineSeconds = 180;

/**
 * Starts the embedded PostgreSQL of a data directory, or joins the one that already runs there. The process that starts
 * the server owns it and stops it at the end. A server whose owner was killed is adopted; one whose owner still runs is
 * only used. Safe to interrupt and to run concurrently. Ready in under a second, except for the very first start, which
 * creates the cluster. Throws EmbeddedError, whose message says what to do.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedCluster> {
  const folders = nameFolders(await createDataDir(options.dataDir));
  return withFileLock(
    folders.lockFile,
    { deadlineSeconds: lockDeadlineSeconds, log: options.log },
    () => startOrJoin(folders, options),
  );
}

/** Returns its real path, because a directory may be reached by several paths. */
async function createDataDir(dataDir: string): Promise<string> {
  try {
    await mkdir(dataDir, { recursive: true });
    await access(dataDir, constants.W_OK);
    return await realpath(dataDir);
  } catch (error) {
    throw new EmbeddedError(
      `the data directory ${dataDir} is not writable: start as its owner, choose another one, ` +
        useOwnServer,
      { cause: error },
    );
  }
}

async function startOrJoin(
  folders: ClusterFolders,
  options: EmbeddedOptions,
): Promise<EmbeddedCluster> {
  const began = performance.now();
  const binaries = await prepareBinaries(options.otherVersion?.root);
  const account = await findAccount([...Object.values(binaries), folders.dataDir]);
  const programs = { binaries, account };
  const password = await initialise(folders, programs, options.otherVersion?.major);
  const runningPort = await findRunning(folders);
  const isOwner = runningPort === null || !(await hasLivingOwner(folders));
  if (isOwner) await writeFile(folders.ownerFile, getOwnToken());
  const port =
    runningPort ??
    (await startPostmaster(folders, programs, {
      settingsFile: options.settingsFile,
      overrides: options.overrides ?? {},
      preferredPort: options.port,
    }));
  const ownerUrl = await createDatabase({ port, password });
  const how = runningPort === null ? 'started' : isOwner ? 'adopted' : 'joined';
  const readyMs = Math.round(performance.now() - began);
  options.log.info({ port, dataDir: folders.dataDir, readyMs }, `embedded PostgreSQL ${how}`);
  return { ownerUrl, port, isOwner, stop: createStop(folders, programs, isOwner) };
}

function createStop(folders: ClusterFolders, programs: Programs, isOwner: boolean) {
  let stopping: Promise<void> | undefined;
  return () => {
    if (!isOwner) return Promise.resolve();
    stopping ??= withFileLock(folders.lockFile, { deadlineSeconds: lockDeadlineSeconds }, () =>
      stopOwned(folders, programs),
    );
    return stopping;
  };
}

async function stopOwned(folders: ClusterFolders, programs: Programs): Promise<void> {
  if ((await readOwner(folders)) !== getOwnToken()) return;
  await stopPostmaster(folders, programs);
  await rm(folders.ownerFile, { force: true });
}

async function hasLivingOwner(folders: ClusterFolders): Promise<boolean> {
  return isRunning(await readOwner(folders));
}

async function readOwner({ ownerFile }: ClusterFolders): Promise<string> {
  return readFile(ownerFile, 'utf8').catch(() => '');
}
