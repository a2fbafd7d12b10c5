import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { formatPostgresUrl, parsePostgresUrl } from '../../lib/postgres-url.ts';
import { connect } from './connect.ts';
import type { UrlSetting } from './connection-error.ts';

/** A URL leads through a pooler that cannot do what is needed. The message names the setting to change. */
export class PoolerError extends Error {
  override readonly name = 'PoolerError';
}

/**
 * How a URL reaches PostgreSQL: straight, or through a pooler that lends a server connection to a client for its
 * whole session, for one transaction, or for one statement. `unprepared` is a transaction pooler that does not
 * carry prepared statements over from one connection to the next.
 */
export type Route = 'direct' | 'session' | 'transaction' | 'unprepared' | 'statement';

/**
 * Clients that are compared. A pooler may run as several processes, each with connections of its own; with fewer
 * processes than this, two clients certainly meet in one.
 */
const clientsCount = 6;

const answerTimeoutMs = 10_000;
/** How long a further client may wait for a connection of the server. */
const joinTimeoutMs = 2_000;

/** A client got the result of a statement that another one has prepared. */
class UnpreparedError extends Error {}

/** prepared statement already exists, and does not exist: PostgreSQL's list of error codes. */
const unpreparedCodes = new Set(['42P05', '26000']);

/**
 * Finds out how a URL reaches PostgreSQL. A server introduces itself with the id of the process that serves the
 * connection (BackendKeyData), and every pooler with an id of its own: that the two are equal takes one statement.
 * Only where they differ, clients connect beside each other and ask which process serves them: for a session each
 * has its own. Leaves nothing behind on a server connection but one prepared statement.
 * Throws what connecting throws.
 * https://www.postgresql.org/docs/18/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-BACKENDKEYDATA
 */
export async function inspectRoute(url: string, setting?: UrlSetting): Promise<Route> {
  const clients: pg.Client[] = [];
  const name = `route_${randomUUID().replaceAll('-', '')}`;
  const askPid = async (client: pg.Client) => {
    // Of one name and a different text for each client: a pooler that mixes them up runs the other's.
    const number = clients.indexOf(client);
    const text = `select pg_backend_pid() as pid, ${number} as number`;
    const { rows } = await client.query<{ pid: number; number: number }>({ name, text });
    const [row] = rows;
    if (row?.number !== number) throw new UnpreparedError();
    return row.pid;
  };
  try {
    const first = await join(clients, { url, setting, timeoutMs: answerTimeoutMs });
    if (getAnnouncedPid(first) === (await askPid(first))) return 'direct';
    while (clients.length < clientsCount) {
      const next = await join(clients, { url, setting, timeoutMs: joinTimeoutMs });
      // Each of the others holds a connection for its session, and the pooler has no more of them.
      const hasJoined = await askPid(next).catch((error) => rethrowUnlessLate(error));
      if (hasJoined === undefined) return 'session';
      if (await areShared(clients, askPid)) return await findSharing(first);
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

/** The process id that a connection was introduced with; pg's types leave it out. */
export function getAnnouncedPid(client: pg.ClientBase): number {
  return Number(Reflect.get(client, 'processID'));
}

/**
 * Makes sure that migrations, locks and notifications can go over the owner's URL.
 * Throws PoolerError for a pooler that lends connections for less than a session.
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
      : 'let it name PostgreSQL itself';
  throw new PoolerError(
    `${setting} leads through a connection pooler in transaction mode, such as PgBouncer, which migrations and ` +
      `locks cannot use: ${rest}`,
  );
}

/**
 * Makes sure that the server can work over the URL of its own login, and returns the URL over which that login can
 * listen: the same, or the address of `directUrl` where a pooler is in between.
 * Throws PoolerError for a pooler in statement mode, for one without prepared statements, and where the two URLs
 * lead to different databases.
 */
export async function findListenUrl(appUrl: string, directUrl: string): Promise<string> {
  const route = await inspectRoute(appUrl);
  if (route === 'direct') return appUrl;
  verifyAppRoute(route);
  const listenUrl = replaceLogin(directUrl, appUrl);
  // Where it is not let in, the server works all the same, and says that it hears nothing (changes.ts).
  await verifySameDatabase(appUrl, listenUrl);
  return listenUrl;
}

/**
 * Throws PoolerError where the two URLs lead to different databases. A login that only one of the two lets in
 * cannot be compared, and passes.
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

/** The address of one URL with the user and the password of another. Pure. */
export function replaceLogin(url: string, login: string): string {
  const { user, password } = parsePostgresUrl(login);
  return formatPostgresUrl({ ...parsePostgresUrl(url), user, password });
}

/** The same for one database of one cluster, and of its standbys, whatever the address and the name. */
async function findIdentity(url: string): Promise<string> {
  const clients: pg.Client[] = [];
  try {
    const client = await join(clients, { url, timeoutMs: answerTimeoutMs });
    const { rows } = await client.query<{ identity: string }>(
      `select system_identifier || '/' || oid as identity
       from pg_control_system(), pg_database where datname = current_database()`,
    );
    return rows[0]?.identity ?? '';
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  }
}

/** True when two clients were served by one process, or one client by two. */
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

/** Which of the two that share: a pooler in statement mode ends the connection at `begin`. */
async function findSharing(client: pg.Client): Promise<Route> {
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

function rethrowUnlessLate(error: unknown): undefined {
  if (error instanceof Error && error.message === 'Query read timeout') return;
  throw error;
}

function readCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
