import { openDatabase } from '../../app/open-database.ts';
import type { Config } from '../../config.ts';
import { builtInRoles } from '../../core/access/permissions.ts';
import { settleDatabase } from '../../db/migrate.ts';
import { withOperator } from '../../db/operator.ts';
import { nameDatabase, readDatabaseName, replaceDatabase } from '../../db/replace-database.ts';
import { replaceCluster } from '../../postgres/base-restore.ts';
import { listChains, verifyChains } from '../audit/chains.ts';
import { CommandError } from '../errors.ts';
import { createCommandLog } from '../output.ts';
import { type EndedCredentials, endCredentials } from './end-credentials.ts';
import { type Manifest, nameBackup, readManifest, thisPlatform } from './manifest.ts';
import { findTool, runTool } from './postgres-tools.ts';

export type RestoreOptions = {
  folder: string;
  config: Config;
  keepsKeys: boolean;
  pgBin: string | undefined;
};

/** Result of a restore. */
export type Restored = {
  createdAt: string;
  ended: EndedCredentials;
  /** Number of verified audit log entries. */
  auditEvents: number;
  /** Where the replaced data is now: a directory or a database; null if there was none. */
  aside: string | null;
};

/**
 * Replaces the configured database by a backup, migrated to this release and with its credentials revoked. Nothing is
 * replaced before that is done. Throws CommandError for a backup that does not fit, EmbeddedError if the server still
 * runs.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { folder, config } = options;
  const manifest = await readManifest(folder);
  verifyFit(manifest, config);
  const { createdAt, kind } = manifest;
  const found: Pick<Restored, 'ended' | 'auditEvents'>[] = [];
  const { cluster, dump } = nameBackup(folder);
  const prepareAt = async (place: Partial<Config['database']>) => {
    found.push(await prepare({ ...config.database, ...place }, options));
  };
  const aside =
    kind === 'cluster'
      ? await replaceCluster(cluster, config.database.dataDir, (dataDir) => prepareAt({ dataDir }))
      : await restoreDump(dump, { ...options, manifest }, (url) =>
          prepareAt({ url, directUrl: url }),
        );
  const [prepared] = found;
  if (!prepared) throw new Error('The backup took its place without being prepared.');
  return { createdAt, ...prepared, aside };
}

async function restoreDump(
  dump: string,
  { config, pgBin, manifest }: RestoreOptions & { manifest: Manifest },
  prepareAt: (url: string) => Promise<void>,
): Promise<string | null> {
  const ownerUrl = config.database.directUrl ?? '';
  const tool = await findTool('pg_restore', nameDatabase(ownerUrl, 'postgres'), pgBin);
  const { roles } = manifest;
  if (!roles) throw new CommandError('the backup.json of this dump names no roles.');
  const aside = await replaceDatabase(ownerUrl, {
    roles,
    async fill(url) {
      await runTool(tool, url, ['--exit-on-error', dump]);
      await prepareAt(url);
    },
  });
  // The new database has its roles now.
  if (aside) await settleAside(nameDatabase(ownerUrl, aside));
  return aside;
}

/** The replaced database may be of another version or program; then it stays as it is. */
async function settleAside(ownerUrl: string): Promise<void> {
  const log = createCommandLog();
  await settleDatabase({ ownerUrl, log }).catch((err: unknown) => {
    log.warn({ err }, 'replaced database shares its roles with the new one');
  });
}

/** Migrates the new database, revokes its credentials and verifies its audit log, before it is used. */
async function prepare(database: Config['database'], { config, keepsKeys }: RestoreOptions) {
  const { directUrl } = config.database;
  const place = directUrl === undefined ? {} : { rolesOf: readDatabaseName(directUrl) };
  const opened = await openDatabase({ database, ...place }, builtInRoles, createCommandLog());
  try {
    return await withOperator(opened.ownerUrl, async (operator) => {
      const ended = await endCredentials(operator, { keepsKeys });
      const { events, faults } = await verifyChains(operator, await listChains(operator));
      const [fault] = faults;
      if (fault) {
        throw new CommandError(
          `the audit log in this backup is broken (chain ${fault.chain}, entry ${fault.sequence}: ` +
            `${fault.fault}). Nothing was replaced.`,
        );
      }
      return { ended, auditEvents: events };
    });
  } finally {
    await opened.stop();
  }
}

function verifyFit({ kind, platform }: Manifest, { database }: Config): void {
  const isEmbedded = database.url === undefined;
  if (isEmbedded !== (kind === 'cluster')) {
    throw new CommandError(
      isEmbedded
        ? 'this is the dump of a PostgreSQL of your own: set DATABASE_URL to one.'
        : 'this is a copy of the embedded PostgreSQL: restore it without DATABASE_URL.',
    );
  }
  if (kind === 'cluster' && platform !== thisPlatform) {
    throw new CommandError(
      `this copy was made on ${platform} and does not start on ${thisPlatform}.`,
    );
  }
}
