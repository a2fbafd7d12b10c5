import { isIP, isIPv6 } from 'node:net';
import { PostgresUrlError } from './postgres-url/error.ts';
import { addressParameters, readParameter } from './postgres-url/parameters.ts';
import { type SplitUrl, severalHosts, splitUrl } from './postgres-url/split.ts';
import { arrangeTls } from './postgres-url/tls.ts';

export { PostgresUrlError } from './postgres-url/error.ts';

/** A complete connection: database, login, host and supported parameters only. */
export type PostgresAddress = {
  user: string;
  /** Null if the server needs none: trust, peer, a client certificate. */
  password: string | null;
  /** A host name, an IP address, or the folder of a Unix socket, which begins with a slash. */
  host: string;
  port: number;
  database: string;
  /** Parameters by libpq's names; `sslmode` is one of disable, no-verify, verify-ca and verify-full. */
  parameters: Readonly<Record<string, string>>;
};

/** Defaults for omitted parts, as in libpq. */
export type PostgresDefaults = {
  /** Environment variables such as PGHOST, PGUSER, PGPASSWORD and PGSSLMODE. */
  env: Readonly<Record<string, string | undefined>>;
  /** The name of the operating system's user, or null without one. */
  systemUser: string | null;
  /** Returns the folder with a server's socket for this port, or null. */
  findSocketFolder: (port: number) => string | null;
};

const noDefaults: PostgresDefaults = { env: {}, systemUser: null, findSocketFolder: () => null };

/**
 * Parses a URL in libpq's documented form, with the supported parameters of node-postgres and Prisma. Pure, except for
 * `defaults`. Error messages follow the name of a setting, have one line and say what to write; they never contain a
 * password.
 * @throws PostgresUrlError
 */
export function parsePostgresUrl(
  text: string,
  defaults: PostgresDefaults = noDefaults,
): PostgresAddress {
  const url = splitUrl(text);
  const given = new Map([...listVariables(defaults.env), ...url.parameters]);
  // The URL uses JDBC's name for it.
  if (url.parameters.has('ssl') && !url.parameters.has('sslmode')) given.delete('sslmode');
  const address = findAddress(url, given, defaults);
  const parameters: Record<string, string> = {};
  for (const [name, value] of given) {
    if ((addressParameters as readonly string[]).includes(name)) continue;
    const kept = explainVariable(name, url, () => readParameter(name, value));
    if (kept !== null) parameters[name] = kept;
  }
  return { ...address, parameters: arrangeTls(parameters, address.host.startsWith('/')) };
}

/** Formats an address as a URL that parsePostgresUrl and WHATWG's URL can parse. Pure. */
export function formatPostgresUrl(address: PostgresAddress): string {
  const { user, password, host, port, database, parameters } = address;
  const login = password === null ? '' : `:${encodeURIComponent(password)}`;
  const place = isIPv6(host) ? `[${host.replaceAll('%', '%25')}]` : encodeURIComponent(host);
  const query = Object.entries(parameters).map(
    ([name, value]) => `${name}=${encodeURIComponent(value)}`,
  );
  return (
    `postgresql://${encodeURIComponent(user)}${login}@${place}:${port}/${encodeURIComponent(database)}` +
    (query.length === 0 ? '' : `?${query.join('&')}`)
  );
}

/** Describes the server's address: host and port, or the socket. Pure. */
export function describePlace({ host, port }: PostgresAddress): string {
  if (host.startsWith('/')) return `${host.replace(/\/+$/, '')}/.s.PGSQL.${port}`;
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** libpq's environment variables by parameter. */
const variables: Readonly<Record<string, string>> = {
  host: 'PGHOST',
  port: 'PGPORT',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  dbname: 'PGDATABASE',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslnegotiation: 'PGSSLNEGOTIATION',
  channel_binding: 'PGCHANNELBINDING',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  application_name: 'PGAPPNAME',
  options: 'PGOPTIONS',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
};

function listVariables(env: PostgresDefaults['env']): [name: string, value: string][] {
  return Object.entries(variables).flatMap(([name, variable]) => {
    const value = env[variable];
    return value ? [[name, value]] : [];
  });
}

/** Names the environment variable if the error is not in the URL. */
function explainVariable<T>(name: string, url: SplitUrl, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const isOfUrl = url.parameters.has(name) || !(error instanceof PostgresUrlError);
    if (isOfUrl) throw error;
    throw new PostgresUrlError(`${error.message} (it comes from ${variables[name]})`);
  }
}

function findAddress(
  url: SplitUrl,
  given: ReadonlyMap<string, string>,
  { systemUser, findSocketFolder }: PostgresDefaults,
): Omit<PostgresAddress, 'parameters'> {
  // A parameter overrides the part of the URL, as in libpq: providers write localhost with `?host=/folder`.
  const find = (name: (typeof addressParameters)[number], part: string | null) =>
    url.parameters.get(name) || part || given.get(name) || null;
  const port = readPort(find('port', url.port));
  const host = find('host', url.host) ?? findSocketFolder(port) ?? 'localhost';
  const user = find('user', url.user) ?? systemUser;
  if (user === null) throw new PostgresUrlError('must have a user, as in postgresql://user@host/x');
  return {
    user,
    password: find('password', url.password),
    host: verifyHost(host),
    port,
    database: find('dbname', url.database) ?? user,
  };
}

function readPort(text: string | null): number {
  const port = text === null ? 5_432 : Number(/^\d{1,5}$/.exec(text)?.[0]);
  if (port >= 1 && port <= 65_535) return port;
  throw new PostgresUrlError(
    'must have a port from 1 to 65535 behind the host; a : in the password is written %3A, a / %2F',
  );
}

function verifyHost(host: string): string {
  if (host.includes(',')) throw new PostgresUrlError(severalHosts);
  if (host.startsWith('/') || isIP(host) !== 0 || /^[\p{L}\p{N}._-]+$/u.test(host)) return host;
  throw new PostgresUrlError(
    'must have a host name, an IP address ([::1] for IPv6) or the folder of a socket (?host=/folder) as its host; ' +
      'the characters @ / : % in user and password are written %40 %2F %3A %25',
  );
}
