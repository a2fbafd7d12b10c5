import pg from 'pg';
import type { Log } from '../../lib/log.ts';
import { runOn, takeAdvisoryLock } from '../advisory-lock.ts';
import { toClientConfig } from '../connection/client-config.ts';
import { connectMsMax } from '../connection/connect.ts';
import { readOnlyDatabase } from '../connection/explain-connection.ts';
import { applySessionSettings } from '../session-settings.ts';
import { MigrationError } from './migration-error.ts';

/** `uuidv7()` was added in 18; migration 000 creates it on 17. */
const serverVersionMin = 170_000;

/**
 * Requests queue behind a statement that waits for a table, each holding a connection, until the pool is empty; the
 * next one waits DATABASE_ACQUIRE_TIMEOUT_MS, by default 1 s. A third of that leaves time for a file that waits for
 * two tables in turn.
 */
export const setLockTimeout = "set lock_timeout = '300ms'";

/**
 * A pool of one connection: the schema engine requires a pool, and the advisory lock and the session settings must
 * apply to all its statements. A statement that waits for a table blocks all later ones, so it times out soon
 * (setLockTimeout) and is retried.
 */
export function createSession(ownerUrl: string): pg.Pool {
  const session = new pg.Pool({
    connectionTimeoutMillis: connectMsMax,
    ...toClientConfig(ownerUrl),
    max: 1,
    idleTimeoutMillis: 0,
    application_name: 'tenantry-migrate',
    // Awaited by the pool. Not as startup options, which poolers reject.
    onConnect: applySettings,
  });
  // If the connection is lost while idle, the next statement on it fails.
  session.on('error', () => undefined);
  return session;
}

async function applySettings(client: pg.ClientBase): Promise<void> {
  await applySessionSettings(client);
  await client.query(setLockTimeout);
  // Ends the statement, and so the lock, soon after the runner is killed. On platforms without support the next
  // runner waits until the statement is done.
  await client.query("set client_connection_check_interval = '1s'").catch(() => undefined);
}

/** @throws MigrationError `server_too_old` for a server before PostgreSQL 17 */
export async function verifyServer(session: pg.Pool): Promise<void> {
  const { rows } = await session.query<{ number: number; name: string }>(
    `select current_setting('server_version_num')::int as number,
       current_setting('server_version') as name`,
  );
  for (const { number, name } of rows) verifyServerVersion(number, name);
}

/** @throws MigrationError `read_only` for a standby, and if the owner's sessions are read-only */
export async function verifyWritable(session: pg.Pool): Promise<void> {
  const { rows } = await session.query<{ isReadOnly: boolean }>(
    `select current_setting('transaction_read_only') = 'on' as "isReadOnly"`,
  );
  if (rows[0]?.isReadOnly) throw new MigrationError('read_only', readOnlyDatabase);
}

/** The pure part; `number` as in server_version_num, 180004 for 18.4. */
export function verifyServerVersion(number: number, name: string): void {
  if (number >= serverVersionMin) return;
  throw new MigrationError(
    'server_too_old',
    `PostgreSQL ${serverVersionMin / 10_000} or newer is required, but this server is ${name}`,
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
    'another process is migrating this database and did not finish in time: look for it in ' +
      "pg_stat_activity (application_name 'tenantry-migrate'), then start again",
  );
}
