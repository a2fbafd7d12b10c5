import pg from 'pg';
import type { Log } from '../../lib/log.ts';
import { runOn, takeAdvisoryLock } from '../advisory-lock.ts';
import { toClientConfig } from '../connection/client-config.ts';
import { connectMsMax } from '../connection/connect.ts';
import { readOnlyDatabase } from '../connection/explain-connection.ts';
import { applySessionSettings } from '../session-settings.ts';
import { MigrationError } from './migration-error.ts';

/** `uuidv7()` came with 18; migration 000 makes it on 17. */
const serverVersionMin = 170_000;

/**
 * Requests queue behind a statement that waits for a table, each on a connection of its own, until the next
 * request finds none: it waits DATABASE_ACQUIRE_TIMEOUT_MS, by default 1 s. A third of that leaves
 * room for a file that waits for two tables one after the other.
 */
export const setLockTimeout = "set lock_timeout = '300ms'";

/**
 * One connection as a pool: the schema engine wants a pool, and the advisory lock and the session
 * settings must hold for all it does. A statement that waits for a table makes every later one
 * wait behind it, so it gives up soon (setLockTimeout) and is tried again.
 */
export function createSession(ownerUrl: string): pg.Pool {
  const session = new pg.Pool({
    connectionTimeoutMillis: connectMsMax,
    ...toClientConfig(ownerUrl),
    max: 1,
    idleTimeoutMillis: 0,
    application_name: 'tenantry-migrate',
    // Awaited by the pool. Not as start options: poolers refuse those.
    onConnect: applySettings,
  });
  // A connection lost while idle: the next statement on it reports that.
  session.on('error', () => undefined);
  return session;
}

async function applySettings(client: pg.ClientBase): Promise<void> {
  await applySessionSettings(client);
  await client.query(setLockTimeout);
  // When the runner is killed its statement ends too, and with it the lock; without this the server
  // works on to the statement's end. Where the platform cannot, the next runner waits for that.
  await client.query("set client_connection_check_interval = '1s'").catch(() => undefined);
}

/** @throws MigrationError `server_too_old` for a server before PostgreSQL 18 */
export async function verifyServer(session: pg.Pool): Promise<void> {
  const { rows } = await session.query<{ number: number; name: string }>(
    `select current_setting('server_version_num')::int as number,
       current_setting('server_version') as name`,
  );
  for (const { number, name } of rows) verifyServerVersion(number, name);
}

/** @throws MigrationError `read_only` for a standby, and where the owner's sessions take no changes */
export async function verifyWritable(session: pg.Pool): Promise<void> {
  const { rows } = await session.query<{ isReadOnly: boolean }>(
    `select current_setting('transaction_read_only') = 'on' as "isReadOnly"`,
  );
  if (rows[0]?.isReadOnly) throw new MigrationError('read_only', readOnlyDatabase);
}

/** Pure part: `number` as in server_version_num, 180004 for 18.4. */
export function verifyServerVersion(number: number, name: string): void {
  if (number >= serverVersionMin) return;
  throw new MigrationError(
    'server_too_old',
    `PostgreSQL ${serverVersionMin / 10_000} or newer is needed, and this server is ${name}`,
  );
}

/**
 * Takes the lock of all migration runners; it is released with the session.
 * @throws MigrationError `busy` at the deadline (ms since the epoch)
 */
export async function takeLock(
  session: pg.Pool,
  { deadline, log }: { deadline: number; log: Log },
): Promise<void> {
  if (await takeAdvisoryLock(runOn(session), 'migrations', { deadline, log })) return;
  throw new MigrationError(
    'busy',
    'another process is migrating this database and did not end in time: look for it in ' +
      "pg_stat_activity (application_name 'tenantry-migrate'), then start again",
  );
}
