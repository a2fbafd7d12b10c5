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

/** A PostgreSQL that runs. */
export type OpenedDatabase = {
  /** Owns the tables, and goes past any pooler; for migrations, locks, seeds and operators. */
  ownerUrl: string;
  /** Stops an embedded server that this process started; else does nothing. */
  stop: () => Promise<void>;
};

/** The same, brought up to date. */
export type MigratedDatabase = OpenedDatabase & {
  /** The URL the server works with, through a pooler or not; row security holds for its login. */
  appUrl: string;
  /** Names of the migrations that were applied now. */
  applied: string[];
};

/** Which database, and whose roles it gets where it is about to take the place of another (db/migrate/roles.ts). */
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
 * Opens the configured database, or starts the embedded one, and brings it up to date: migrations,
 * the built-in roles, the serving login. Throws EmbeddedError, PoolerError, MigrationError or AppRoleError,
 * whose messages say what to do.
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
 * Opens the database for a command that works at this version and must not change it by being
 * called: only an embedded database that is empty is brought up to date. Throws MigrationError
 * (`pending`, `unknown`) for a database at another version, and what openDatabase throws.
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

/** Opens the database at whatever version it is. Throws EmbeddedError or PoolerError. */
export function openAnyDatabase(
  config: Pick<Config, 'database'>,
  log: Log,
): Promise<OpenedDatabase> {
  return openThen(config, log, async (opened) => opened);
}

/** Stops what was started when `prepare` fails. */
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

/** Before anything is changed: the direct URL leads past any pooler, and to the database that is meant. */
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
  // Connections of a pooler that were opened before would still have other settings, so the first check goes past it.
  for (const url of new Set([directAppUrl, appUrl])) {
    await ensureServingSettings({ ownerUrl, appUrl: url, statementTimeoutMs, log });
  }
  return { applied, appUrl };
}

function describePending(pending: readonly string[], isNew: boolean): string {
  const remedy =
    'run "tenantry migrate", which every start of the server does as well, then try again';
  if (isNew) return `the database is empty: ${remedy}`;
  const names = pending.length > 3 ? `${pending[0]} to ${pending.at(-1)}` : pending.join(', ');
  const waiting = pending.length === 1 ? '1 migration waits' : `${pending.length} migrations wait`;
  return `${waiting} for this database (${names}): ${remedy}`;
}

/** Brings the built-in roles of every tenant to what this release says. */
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
