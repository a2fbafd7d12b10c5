import { stat } from 'node:fs/promises';
import type { Config } from '../../config.ts';
import { openOwnerClient } from '../../db/connection/owner-client.ts';
import { type DatabaseRoles, findRoles } from '../../db/roles.ts';
import { copyRunningCluster } from '../../postgres/base-backup.ts';
import { nameFolders } from '../../postgres/folders.ts';
import { CommandError } from '../errors.ts';
import { createBackupFolder, type Manifest, nameBackup, writeManifest } from './manifest.ts';
import { findTool, runTool, verifySuperuser } from './postgres-tools.ts';

export type CreateBackupOptions = {
  folder: string;
  ownerUrl: string;
  config: Config;
  /** The directory of pg_dump; undefined for the PATH. */
  pgBin: string | undefined;
};

/** Creates a backup in a new directory, which is complete when it resolves. Throws CommandError. */
export async function createBackup(
  options: CreateBackupOptions,
): Promise<{ folder: string; kind: Manifest['kind']; bytes: number }> {
  const { folder, config } = options;
  const isEmbedded = config.database.url === undefined;
  const { bytes, ...parts } = await (isEmbedded ? copyCluster(options) : dumpDatabase(options));
  await writeManifest(folder, parts);
  return { folder: nameBackup(folder).root, kind: parts.kind, bytes };
}

async function copyCluster({ folder, ownerUrl, config }: CreateBackupOptions) {
  await createBackupFolder(folder);
  const { pgData } = nameFolders(config.database.dataDir);
  const { bytes } = await copyRunningCluster(ownerUrl, pgData, nameBackup(folder).cluster);
  return { kind: 'cluster' as const, bytes };
}

async function dumpDatabase({ folder, ownerUrl, pgBin }: CreateBackupOptions) {
  await verifySuperuser(ownerUrl);
  const roles = await readRoles(ownerUrl);
  const tool = await findTool('pg_dump', ownerUrl, pgBin);
  await createBackupFolder(folder);
  const { dump } = nameBackup(folder);
  await runTool(tool, ownerUrl, ['--format=custom', `--file=${dump}`]);
  return { kind: 'dump' as const, roles, bytes: (await stat(dump)).size };
}

async function readRoles(ownerUrl: string): Promise<DatabaseRoles> {
  const owner = await openOwnerClient(ownerUrl);
  try {
    const roles = await findRoles(owner);
    if (!roles)
      throw new CommandError('this database was never migrated: there is nothing to back up.');
    return roles;
  } finally {
    await owner.end();
  }
}
