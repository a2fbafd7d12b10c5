import { fileURLToPath } from 'node:url';
import type { Config } from '../config.ts';
import { ensureAppRole } from './app-role.ts';
import { startEmbedded } from './embedded/start.ts';
import type { DatabaseLog } from './log.ts';
import { migrate } from './migrator.ts';
import { openOwnerClient } from './owner-client.ts';
import { verifyDirectRoute } from './pooler.ts';
import { ensureServingSettings } from './serving-settings.ts';

/** A migrated PostgreSQL and the two ways in. */
export type OpenedDatabase = {
  /** Owns the tables, and goes past any pooler; for migrations, locks, seeds and operators. */
  ownerUrl: string;
  /** What the server works with, through a pooler or not; row security holds for it. */
  appUrl: string;
  /** Names of the migrations that were applied now. */
  applied: string[];
  /** Stops an embedded server that this process started; else does nothing. */
  stop: () => Promise<void>;
};

/** A role that every tenant has, as the database stores it. */
export type BuiltInRoleRow = {
  key: string;
  name: string;
  description: string;
  permissions: readonly string[];
};

const migrationsDir = fileURLToPath(new URL('../../migrations', import.meta.url));
const settingsFile = fileURLToPath(new URL('./postgresql.conf', import.meta.url));

/**
 * Opens the configured database, or starts the embedded one, and brings it up to date: migrations,
 * the built-in roles, the serving login. Throws EmbeddedError, PoolerError, MigrationError or AppRoleError,
 * whose messages say what to do.
 */
export async function openDatabase(
  { database }: Pick<Config, 'database'>,
  roles: readonly BuiltInRoleRow[],
  log: DatabaseLog,
): Promise<OpenedDatabase> {
  const embedded = database.url
    ? null
    : await startEmbedded({
        dataDir: database.dataDir,
        port: database.embeddedPort,
        settingsFile,
        log,
      });
  const stop = async () => embedded?.stop();
  try {
    const ownerUrl = embedded?.ownerUrl ?? database.directUrl ?? '';
    if (!embedded) await verifyDirectRoute(ownerUrl, nameDirectSetting(database));
    const { applied } = await migrate({ ownerUrl, migrationsDir, log });
    await syncBuiltInRoles(ownerUrl, roles);
    const appUrl = database.appUrl ?? (await ensureAppRole(ownerUrl));
    const { statementTimeoutMs } = database;
    await ensureServingSettings({ ownerUrl, appUrl, statementTimeoutMs, log });
    return { ownerUrl, appUrl, applied, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function nameDirectSetting({ url, directUrl }: Config['database']) {
  return url === directUrl ? 'DATABASE_URL' : 'DATABASE_DIRECT_URL';
}

/** Brings the built-in roles of every tenant to what this release says. */
export async function syncBuiltInRoles(
  ownerUrl: string,
  roles: readonly BuiltInRoleRow[],
): Promise<void> {
  const owner = await openOwnerClient(ownerUrl);
  try {
    await owner.query('select sync_built_in_roles($1::jsonb)', [JSON.stringify(roles)]);
  } finally {
    await owner.end();
  }
}
