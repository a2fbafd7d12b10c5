import pg from 'pg';
import type { Log } from '../../lib/log.ts';
import { parsePostgresUrl } from '../../lib/postgres-url.ts';
import { runOn, takeAdvisoryLock } from '../advisory-lock.ts';
import { connect } from '../connection/connect.ts';
import { ConnectionError } from '../connection/connection-error.ts';
import { openOwnerClient } from '../connection/owner-client.ts';
import { readDatabaseName } from '../replace-database.ts';
import { nameRoles } from '../roles.ts';
import { listTimeouts, type SessionSettings, sessionSettings } from '../session-settings.ts';
import { AppRoleError } from './app-role.ts';

/** The login whose settings are written and verified, and its statement timeout. */
export type ServingSettingsOptions = {
  ownerUrl: string;
  /** The serving login's URL; it may lead through a pooler. */
  appUrl: string;
  statementTimeoutMs: number;
  log: Log;
};

/** One setting of a serving connection. */
type ServingSetting = {
  name: string;
  wanted: string;
  /** The value on this connection. */
  value: string;
  /** The default of this login in this database; null if it has none. */
  pinned: string | null;
  /** Set in the options of the URL, which override every default. */
  isFromUrl: boolean;
  /** Any login may set it for itself. */
  isOrdinary: boolean;
};

/** A serving connection: its login, its database and the settings. */
type Serving = { role: string; database: string; settings: ServingSetting[] };

/**
 * Makes the settings that this program relies on the defaults of the serving login in its database, so that no
 * connection has to set them and no pooler needs extra startup parameters. Changes nothing if they are set already, so
 * it may run at every start. The time limits apply to all servers of the database: the last one started decides, and
 * logs a change.
 * @throws AppRoleError if serving connections still have other settings; the message says what to run
 */
export async function ensureServingSettings(options: ServingSettingsOptions): Promise<void> {
  const { appUrl, statementTimeoutMs, log } = options;
  const timeouts = listTimeouts(statementTimeoutMs);
  const wanted = { ...sessionSettings, ...timeouts };
  let serving = await readServing(appUrl, wanted).catch((error: unknown) => {
    throw explainDenial(error, options);
  });
  if (serving.settings.some(needsPin)) {
    await pinSettings(serving, options);
    announceTimeouts(serving, timeouts, log);
  }
  // They apply from the next connection on.
  if (serving.settings.some(({ value, wanted: right }) => value !== right)) {
    serving = await readServing(appUrl, wanted);
  }
  if (serving.settings.some(isOutdated)) {
    await endIdleConnections(appUrl);
    serving = await readServing(appUrl, wanted);
  }
  verifySettings(serving, timeouts, log);
}

function needsPin({ isOrdinary, pinned, value, wanted }: ServingSetting): boolean {
  return isOrdinary ? pinned !== wanted : value !== wanted;
}

/** The connection was opened before the defaults were set. */
function isOutdated({ pinned, value, wanted, isFromUrl }: ServingSetting): boolean {
  return pinned === wanted && value !== wanted && !isFromUrl;
}

/** Skips settings that the server does not know; custom ones ("tenantry.") are unset until written. */
const servingSql = `
  select session_user::text as role, current_database()::text as database, w.name, w.value as wanted,
    coalesce(s.setting, current_setting(w.name, true), '') as value,
    (select substr(c.item, strpos(c.item, '=') + 1)
      from pg_db_role_setting d cross join unnest(d.setconfig) c (item)
      where d.setrole = (select oid from pg_roles where rolname = session_user)
        and d.setdatabase = (select oid from pg_database where datname = current_database())
        and lower(split_part(c.item, '=', 1)) = w.name) as pinned,
    coalesce(s.source = 'client', false) as "isFromUrl",
    coalesce(s.context = 'user', false) as "isOrdinary"
  from unnest($1::text[], $2::text[]) with ordinality w (name, value, position)
  left join pg_settings s on lower(s.name) = w.name
  where s.name is not null or w.name like '%.%'
  order by w.position`;

async function readServing(appUrl: string, wanted: SessionSettings): Promise<Serving> {
  return await withServingClient(appUrl, async (client) => {
    const { rows } = await client.query<ServingSetting & { role: string; database: string }>(
      servingSql,
      [Object.keys(wanted), Object.values(wanted)],
    );
    const [first] = rows;
    return { role: first?.role ?? '', database: first?.database ?? '', settings: rows };
  });
}

/** As the owner, or as the login itself: every role may set its own defaults. */
async function pinSettings(
  serving: Serving,
  { ownerUrl, appUrl, log }: ServingSettingsOptions,
): Promise<void> {
  const owner = await openOwnerClient(ownerUrl);
  try {
    if (await tryPin(owner, serving, log)) return;
  } finally {
    await owner.end();
  }
  await withServingClient(appUrl, (client) => tryPin(client, serving, log));
}

/**
 * Ends the idle connections of the login, its own last. A connection keeps the defaults from when it was opened, and a
 * pooler keeps it for hours. Clients reconnect.
 */
async function endIdleConnections(appUrl: string): Promise<void> {
  await withServingClient(appUrl, async (client) => {
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where usename = session_user and datname = current_database() and state = 'idle'
         and pid <> pg_backend_pid()`,
    );
    await client.query('select pg_terminate_backend(pg_backend_pid())').catch(() => undefined);
  });
}

/** Sets all defaults or none. False if this login has no permission. */
async function tryPin(client: pg.ClientBase, serving: Serving, log: Log): Promise<boolean> {
  const needed = serving.settings.filter(needsPin);
  const { rows } = await client.query<{ name: string }>(
    `select w.name from unnest($1::text[]) w (name) left join pg_settings s on lower(s.name) = w.name
     where s.context = 'user' or has_parameter_privilege(w.name, 'set')`,
    [needed.map(({ name }) => name)],
  );
  const settable = needed.filter(({ name }) => rows.some((row) => row.name === name));
  if (settable.length === 0) return true;
  try {
    await client.query('begin');
    await takeAdvisoryLock(runOn(client), 'serving login', { until: 'commit', log });
    await client.query(`${formatPins(serving, settable)}; commit`);
    return true;
  } catch (error) {
    await client.query('rollback');
    if (isDenied(error)) return false;
    throw error;
  }
}

/** insufficient_privilege, and read_only_sql_transaction on a standby. */
function isDenied(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code === '42501' || error.code === '25006');
}

/** The statements that set the defaults of the login in its database. */
function formatPins(serving: Serving, settings: readonly ServingSetting[]): string {
  const [role, database] = [serving.role, serving.database].map(pg.escapeIdentifier);
  return settings
    .map(({ name, wanted }) => {
      // A list of names; quoted, it would be one name.
      const value = name === 'search_path' ? wanted : pg.escapeLiteral(wanted);
      return `alter role ${role} in database ${database} set ${name} = ${value}`;
    })
    .join('; ');
}

function announceTimeouts({ settings, role }: Serving, timeouts: SessionSettings, log: Log) {
  for (const { name, pinned, wanted } of settings) {
    if (!(name in timeouts) || pinned === null || pinned === wanted) continue;
    log.warn(
      { setting: name, role, from: pinned, to: wanted },
      'time limit of the serving login changed; it applies to all servers of this database',
    );
  }
}

/** Settings that change results stop the start; different time limits are only logged. */
function verifySettings(serving: Serving, timeouts: SessionSettings, log: Log): void {
  const different = serving.settings.filter(({ value, wanted }) => value !== wanted);
  const wrong = different.filter(({ name }) => !(name in timeouts));
  const late = different.filter(({ name }) => name in timeouts);
  if (wrong.length > 0) throw new AppRoleError(describe(serving, wrong));
  if (late.length > 0) log.warn({ role: serving.role }, describe(serving, late));
}

/** Only members of the serving role may connect (decision 039). Returns other errors unchanged. */
function explainDenial(error: unknown, { ownerUrl, appUrl }: ServingSettingsOptions): unknown {
  const { app } = nameRoles(readDatabaseName(ownerUrl));
  const login = parsePostgresUrl(appUrl).user;
  if (login === app || !isDenied(error instanceof ConnectionError ? error.cause : error))
    return error;
  const message =
    `the login ${login} of DATABASE_APP_URL has no permission to connect to this database: ` +
    `as its owner run: grant ${app} to ${login}`;
  return new AppRoleError(message, { cause: error });
}

function describe(serving: Serving, different: readonly ServingSetting[]): string {
  const list = different.map(({ name, value }) => `${name} = '${value}'`).join(', ');
  return (
    `The serving login ${serving.role} connects with ${list}. ` +
    `As a role that may alter it run: ${formatPins(serving, different)}; if that is done already, check ` +
    'for an event trigger on login, and make a pooler reconnect (PgBouncer: reconnect).'
  );
}

async function withServingClient<T>(
  appUrl: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connect(appUrl, { name: 'tenantry-start', setting: 'DATABASE_APP_URL' });
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
