import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { formatPostgresUrl, parsePostgresUrl } from '../../lib/postgres-url.ts';
import { connect } from './connect.ts';
import type { UrlSetting } from './connection-error.ts';

/** A URL leads through a pooler in an unsuitable mode. The message names the setting to change. */
export class PoolerError extends Error {
  override readonly name = 'PoolerError';
}

/**
 * How a URL reaches PostgreSQL: directly, or through a pooler that assigns a server connection to a client for a
 * session, a transaction or a statement. `unprepared` is a transaction pooler that does not track prepared
 * statements across connections.
 */
export type Route = 'direct' | 'session' | 'transaction' | 'unprepared' | 'statement';

/**
 * Number of clients to compare. A pooler may run as several processes, each with its own connections; if there are
 * fewer processes than clients, two clients share one.
 */
const clientsCount = 6;

const queryTimeoutMs = 10_000;
/** How long each further client may wait for a server connection. */
const joinTimeoutMs = 2_000;

/** A client got the result of a statement that another client prepared. */
class UnpreparedError extends Error {}

/** duplicate_prepared_statement and invalid_sql_statement_name: PostgreSQL's list of error codes. */
const unpreparedCodes = new Set(['42P05', '26000']);

/**
 * Finds out how a URL reaches PostgreSQL. A server announces the id of the process that serves the connection
 * (BackendKeyData); a pooler announces an id of its own. One statement compares the announced id with the real one.
 * Only if they differ, several clients connect and compare which process serves each: with session pooling each has
 * its own. Leaves one prepared statement on a server connection. Throws what `connect` throws.
 * https://www.postgresql.org/docs/18/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-BACKENDKEYDATA
 */
export async function inspectRoute(url: string, setting?: UrlSetting): Promise<Route> {
  const clients: pg.Client[] = [];
  const name = `route_${randomUUID().replaceAll('-', '')}`;
  const askPid = async (client: pg.Client) => {
    // Same name, different text for each client: a pooler that mixes them up runs the text of another client.
    const number = clients.indexOf(client);
    const text = `select pg_backend_pid() as pid, ${number} as number`;
    const { rows } = await client.query<{ pid: number; number: number }>({ name, text });
    const [row] = rows;
    if (row?.number !== number) throw new UnpreparedError();
    return row.pid;
  };
  try {
    const first = await join(clients, { url, setting, timeoutMs: queryTimeoutMs });
    if (getAnnouncedPid(first) === (await askPid(first))) return 'direct';
    while (clients.length < clientsCount) {
      const next = await join(clients, { url, setting, timeoutMs: joinTimeoutMs });
      // The other clients each hold a connection for their session, and the pooler has none left.
      const hasJoined = await askPid(next).catch((error) => ignoreTimeout(error));
      if (hasJoined === undefined) return 'session';
      if (await areShared(clients, askPid)) return await findSharedRoute(first);
    }
    return 'session';
  } catch (error) {
    if (error instanceof UnpreparedError || unpreparedCodes.has(readCode(error)))
      return 'unprepared';
    throw error;
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  }
}

/** The process id that the server announced for a connection; missing in pg's types. */
export function getAnnouncedPid(client: pg.ClientBase): number {
  return Number(Reflect.get(client, 'processID'));
}

/**
 * Verifies that migrations, locks and notifications work over the owner's URL.
 * Throws PoolerError for a pooler that assigns connections for less than a session.
 */
export async function verifyDirectRoute(
  url: string,
  setting: 'DATABASE_URL' | 'DATABASE_DIRECT_URL',
): Promise<void> {
  const route = await inspectRoute(url, setting);
  if (route === 'direct' || route === 'session') return;
  const rest =
    setting === 'DATABASE_URL'
      ? "set DATABASE_DIRECT_URL to the owner's URL of PostgreSQL itself"
      : 'let it lead to PostgreSQL itself';
  throw new PoolerError(
    `${setting} leads through a connection pooler in transaction mode, such as PgBouncer, which migrations and ` +
      `locks cannot use: ${rest}`,
  );
}

/**
 * Verifies that the server can work over the URL of its own login, and returns the URL on which that login can
 * listen for notifications: the same, or the address of `directUrl` if a pooler is in between.
 * Throws PoolerError for a pooler in statement mode, one without prepared statements, and if the two URLs lead to
 * different databases.
 */
export async function findListenUrl(appUrl: string, directUrl: string): Promise<string> {
  const route = await inspectRoute(appUrl);
  if (route === 'direct') return appUrl;
  verifyAppRoute(route);
  const listenUrl = replaceLogin(directUrl, appUrl);
  // If that login is rejected there, the server still works and logs that it gets no invalidations (invalidation.ts).
  await verifySameDatabase(appUrl, listenUrl);
  return listenUrl;
}

/**
 * Throws PoolerError if the two URLs lead to different databases. Passes if the login works on only one of them,
 * since they cannot be compared then.
 */
export async function verifySameDatabase(pooledUrl: string, directUrl: string): Promise<void> {
  const identities = await Promise.all(
    [pooledUrl, directUrl].map((url) => findIdentity(url).catch(() => null)),
  );
  const [pooled, direct] = identities;
  if (pooled === null || direct === null || pooled === direct) return;
  throw new PoolerError(
    "the pooler's URL and DATABASE_DIRECT_URL (or DATABASE_URL) lead to different databases: both must name the same",
  );
}

function verifyAppRoute(route: Route): void {
  if (route === 'statement') {
    throw new PoolerError(
      'the connection pooler in front of the database does not allow transactions: set pool_mode = transaction',
    );
  }
  if (route === 'unprepared') {
    throw new PoolerError(
      'the connection pooler in front of the database does not support prepared statements: ' +
        'use PgBouncer 1.21 or newer with max_prepared_statements = 200',
    );
  }
}

/** The address of one URL with the user and password of another. Pure. */
export function replaceLogin(url: string, login: string): string {
  const { user, password } = parsePostgresUrl(login);
  return formatPostgresUrl({ ...parsePostgresUrl(url), user, password });
}

/** Equal for the same database of one cluster and its standbys, independent of address and name. */
async function findIdentity(url: string): Promise<string> {
  const clients: pg.Client[] = [];
  try {
    const client = await join(clients, { url, timeoutMs: queryTimeoutMs });
    const { rows } = await client.query<{ identity: string }>(
      `select system_identifier || '/' || oid as identity
       from pg_control_system(), pg_database where datname = current_database()`,
    );
    return rows[0]?.identity ?? '';
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  }
}

/** True if one process served two clients, or two processes one client. */
async function areShared(
  clients: pg.Client[],
  askPid: (client: pg.Client) => Promise<number>,
): Promise<boolean> {
  const clientByPid = new Map<number, pg.Client>();
  const pidByClient = new Map<pg.Client, number>();
  for (const client of [...clients, ...clients]) {
    const pid = await askPid(client);
    const isShared =
      (clientByPid.get(pid) ?? client) !== client || (pidByClient.get(client) ?? pid) !== pid;
    if (isShared) return true;
    clientByPid.set(pid, client);
    pidByClient.set(client, pid);
  }
  return false;
}

/** Tells the two modes apart: a pooler in statement mode closes the connection at `begin`. */
async function findSharedRoute(client: pg.Client): Promise<Route> {
  try {
    await client.query('begin');
    await client.query('rollback');
    return 'transaction';
  } catch {
    return 'statement';
  }
}

type Joining = { url: string; setting?: UrlSetting | undefined; timeoutMs: number };

async function join(
  clients: pg.Client[],
  { url, setting, timeoutMs }: Joining,
): Promise<pg.Client> {
  const client = await connect(url, { name: 'tenantry-start', setting, query_timeout: timeoutMs });
  clients.push(client);
  return client;
}

function ignoreTimeout(error: unknown): undefined {
  if (error instanceof Error && error.message === 'Query read timeout') return;
  throw error;
}

function readCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
