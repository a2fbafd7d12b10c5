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

/** Whose settings are made and checked, and the longest a statement may take. */
export type ServingSettingsOptions = {
  ownerUrl: string;
  /** The serving login's; it may lead through a pooler. */
  appUrl: string;
  statementTimeoutMs: number;
  log: Log;
};

/** One setting as a serving connection has it. */
type ServingSetting = {
  name: string;
  wanted: string;
  /** On this connection. */
  value: string;
  /** The default of this login in this database; null where it has none. */
  pinned: string | null;
  /** The options of the URL win over every default. */
  isFromUrl: boolean;
  /** Any login may set it, for itself. */
  isOrdinary: boolean;
};

/** A serving connection: its login, its database and the settings. */
type Serving = { role: string; database: string; settings: ServingSetting[] };

/**
 * Makes the settings that this program relies on the defaults of the serving login in its database: no
 * connection has to set them, and a pooler needs no startup parameter that it rejects. Changes nothing
 * where they are so already, so it may run at every start. The time limits hold for all servers of the
 * database: the last one started decides, which the log says.
 * @throws AppRoleError when serving connections have other settings nevertheless; it says what to run.
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
  // They hold from the next connection on, no matter who has just made them.
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

/** Of a connection that was opened before its defaults were made. */
function isOutdated({ pinned, value, wanted, isFromUrl }: ServingSetting): boolean {
  return pinned === wanted && value !== wanted && !isFromUrl;
}

/** A setting that the server does not know is left out; custom ones ("tenantry.") are unset until written. */
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

/** As the owner, or else as the login itself: every role may set its own defaults. */
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
 * Ends the idle connections of the login, its own last. A connection keeps the defaults of the time when it was
 * opened, and a pooler lends it out for hours. Anyone who holds one opens another.
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

/** False where this login may not. All of them or none. */
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

/** The statements that make them the defaults of the login in its database. */
function formatPins(serving: Serving, settings: readonly ServingSetting[]): string {
  const [role, database] = [serving.role, serving.database].map(pg.escapeIdentifier);
  return settings
    .map(({ name, wanted }) => {
      // A list of names: as one literal it would be one name.
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

/** Wrong answers end the start. Other time limits only bound the work differently, so they are logged. */
function verifySettings(serving: Serving, timeouts: SessionSettings, log: Log): void {
  const different = serving.settings.filter(({ value, wanted }) => value !== wanted);
  const wrong = different.filter(({ name }) => !(name in timeouts));
  const late = different.filter(({ name }) => name in timeouts);
  if (wrong.length > 0) throw new AppRoleError(describe(serving, wrong));
  if (late.length > 0) log.warn({ role: serving.role }, describe(serving, late));
}

/** Only members of the serving role may connect (decision 039). Other errors are returned as they are. */
function explainDenial(error: unknown, { ownerUrl, appUrl }: ServingSettingsOptions): unknown {
  const { app } = nameRoles(readDatabaseName(ownerUrl));
  const login = parsePostgresUrl(appUrl).user;
  if (login === app || !isDenied(error instanceof ConnectionError ? error.cause : error))
    return error;
  const remedy = `the login ${login} of DATABASE_APP_URL may not use this database: as its owner run: grant ${app} to ${login}`;
  return new AppRoleError(remedy, { cause: error });
}

function describe(serving: Serving, different: readonly ServingSetting[]): string {
  const list = different.map(({ name, value }) => `${name} = '${value}'`).join(', ');
  return (
    `The serving login ${serving.role} connects with ${list}. ` +
    `As a role that may alter it run: ${formatPins(serving, different)}; if that was done, look for ` +
    'an event trigger on login, and let a pooler open its connections anew (PgBouncer: reconnect).'
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
