import { fileURLToPath } from 'node:url';
import type { Config } from '../config.ts';
import { announceLockWait } from '../db/connection/lock-wait.ts';
import { openOwnerClient } from '../db/connection/owner-client.ts';
import { verifyDirectRoute, verifySameDatabase } from '../db/connection/pooler.ts';
import { MigrationError } from '../db/migrate/migration-error.ts';
import { listPendingMigrations, migrate } from '../db/migrate.ts';
import { ensureServingSettings } from '../db/serving/settings.ts';
import { findServingUrls } from '../db/serving/urls.ts';
import { type Log, silentLog } from '../lib/log.ts';
import { startEmbedded } from '../postgres/start.ts';

/** A running PostgreSQL. */
export type OpenedDatabase = {
  /** The owner of the tables, bypassing any pooler; for migrations, locks, seeds and operators. */
  ownerUrl: string;
  /** Stops an embedded server started by this process; otherwise does nothing. */
  stop: () => Promise<void>;
};

/** A migrated PostgreSQL. */
export type MigratedDatabase = OpenedDatabase & {
  /** The URL of the serving login, subject to row security; may lead through a pooler. */
  appUrl: string;
  /** Names of the migrations applied by this call. */
  applied: string[];
};

/** The database, and the one whose roles it gets if it replaces another (db/migrate/roles.ts). */
export type OpenConfig = Pick<Config, 'database'> & { rolesOf?: string };

/** A role that every tenant has, as the database stores it. */
export type BuiltInRoleRow = {
  key: string;
  name: string;
  description: string;
  permissions: readonly string[];
};

const migrationsDir = fileURLToPath(new URL('../../migrations', import.meta.url));
const settingsFile = fileURLToPath(new URL('../postgres/postgresql.conf', import.meta.url));

/**
 * Opens the configured database, or starts the embedded one, and updates it: migrations, built-in roles, serving
 * login.
 * @throws EmbeddedError, PoolerError, MigrationError or AppRoleError, whose messages say what to do
 */
export async function openDatabase(
  config: OpenConfig,
  roles: readonly BuiltInRoleRow[],
  log: Log,
): Promise<MigratedDatabase> {
  return openThen(config, log, async (opened) => ({
    ...opened,
    ...(await bringUpToDate(config, { ownerUrl: opened.ownerUrl, roles, log })),
  }));
}

/**
 * Opens the database for a command that needs the current version and must not migrate: only an empty embedded
 * database is updated.
 * @throws MigrationError (`pending`, `unknown`) for another version, and the errors of openDatabase
 */
export async function openCurrentDatabase(
  config: Pick<Config, 'database'>,
  roles: readonly BuiltInRoleRow[],
  log: Log,
): Promise<OpenedDatabase> {
  return openThen(config, log, async (opened) => {
    const { ownerUrl } = opened;
    const { pending, isNew } = await listPendingMigrations({ ownerUrl, migrationsDir });
    if (isNew && config.database.url === undefined) {
      await bringUpToDate(config, { ownerUrl, roles, log });
    } else if (pending.length > 0) {
      throw new MigrationError('pending', describePending(pending, isNew));
    }
    return opened;
  });
}

/** Opens the database at any version. @throws EmbeddedError or PoolerError */
export function openAnyDatabase(
  config: Pick<Config, 'database'>,
  log: Log,
): Promise<OpenedDatabase> {
  return openThen(config, log, async (opened) => opened);
}

/** Stops the embedded server if `prepare` fails. */
async function openThen<T>(
  { database }: Pick<Config, 'database'>,
  log: Log,
  prepare: (opened: OpenedDatabase) => Promise<T>,
): Promise<T> {
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
    if (!embedded) await verifyRoutes(database, ownerUrl);
    return await prepare({ ownerUrl, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Verifies, before any change, that the direct URL bypasses poolers and leads to the same database. */
async function verifyRoutes(
  { url, directUrl }: Config['database'],
  ownerUrl: string,
): Promise<void> {
  if (url === undefined || url === directUrl) return verifyDirectRoute(ownerUrl, 'DATABASE_URL');
  await verifyDirectRoute(ownerUrl, 'DATABASE_DIRECT_URL');
  await verifySameDatabase(url, ownerUrl);
}

async function bringUpToDate(
  { database, rolesOf }: OpenConfig,
  parts: { ownerUrl: string; roles: readonly BuiltInRoleRow[]; log: Log },
): Promise<Pick<MigratedDatabase, 'appUrl' | 'applied'>> {
  const { ownerUrl, roles, log } = parts;
  const { applied } = await migrate({ ownerUrl, migrationsDir, log, rolesOf });
  await syncBuiltInRoles(ownerUrl, roles, log);
  const { appUrl, directAppUrl } = await findServingUrls(database, { ownerUrl, log });
  const { statementTimeoutMs } = database;
  // Open connections of a pooler would still have the old settings, so the first check bypasses it.
  for (const url of new Set([directAppUrl, appUrl])) {
    await ensureServingSettings({ ownerUrl, appUrl: url, statementTimeoutMs, log });
  }
  return { applied, appUrl };
}

function describePending(pending: readonly string[], isNew: boolean): string {
  const remedy = 'run "tenantry migrate" (every start of the server does too), then try again';
  if (isNew) return `the database is empty: ${remedy}`;
  const names = pending.length > 3 ? `${pending[0]} to ${pending.at(-1)}` : pending.join(', ');
  const waiting = pending.length === 1 ? '1 migration waits' : `${pending.length} migrations wait`;
  return `${waiting} for this database (${names}): ${remedy}`;
}

/** Updates the built-in roles of every tenant to those of this release. */
export async function syncBuiltInRoles(
  ownerUrl: string,
  roles: readonly BuiltInRoleRow[],
  log: Log = silentLog,
): Promise<void> {
  const owner = await openOwnerClient(ownerUrl);
  try {
    await announceLockWait(owner, { ownerUrl, log }, () =>
      owner.query('select sync_built_in_roles($1::jsonb)', [JSON.stringify(roles)]),
    );
  } finally {
    await owner.end();
  }
}
