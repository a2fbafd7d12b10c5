import { PostgresUrlError } from './error.ts';
import { readOptions } from './options.ts';
import { quote } from './split.ts';

/** Parses a value; null if it has no effect here. @throws PostgresUrlError with what to write instead */
type Rule = (value: string, name: string) => string | null;

/** Parameters that are part of the address. */
export const addressParameters = ['host', 'port', 'user', 'password', 'dbname'] as const;

/** Parameters of libpq, node-postgres and Prisma that this service supports. */
const rules = new Map<string, Rule>(
  Object.entries({
    sslmode: readSslMode,
    ssl: readSsl,
    uselibpqcompat: support(/^(true|false)$/, 'true or false'),
    sslrootcert: support(/./, 'a path, or system,'),
    sslcert: support(/./, 'a path'),
    sslkey: support(/./, 'a path'),
    sslpassword: support(/./, 'the password of sslkey'),
    sslnegotiation: support(/^(postgres|direct)$/, 'postgres or direct'),
    ssl_min_protocol_version: support(/^TLSv1\.[23]$/, 'TLSv1.2 or TLSv1.3'),
    ssl_max_protocol_version: support(/^TLSv1\.[23]$/, 'TLSv1.2 or TLSv1.3'),
    channel_binding: readChannelBinding,
    connect_timeout: support(/^[1-9]\d{0,4}$/, 'a number of seconds'),
    application_name: support(/^[\x20-\x7e]{1,63}$/, 'up to 63 characters of ASCII'),
    keepalives: support(/^[01]$/, '0 or 1'),
    keepalives_idle: support(/^[1-9]\d{0,4}$/, 'a number of seconds'),
    options: readOptions,
    // Always true here.
    client_encoding: accept(/^(utf-?8|auto)$/i, 'it is UTF8'),
    gssencmode: accept(/^(disable|prefer)$/, 'GSSAPI is not supported'),
    load_balance_hosts: accept(/^disable$/, 'there is one host'),
    pgbouncer: accept(/^(true|false)$/, 'it is true or false'),
    schema: accept(/^public$/, 'the tables are in public, so give them a database of their own'),
    sslcompression: accept(/^0$/, 'TLS is not compressed'),
    sslsni: accept(/^1$/, 'the host name is always sent'),
    target_session_attrs: accept(/^(any|read-write|primary)$/, 'it is always the primary'),
  }),
);

const ofSystem = "leave it out: the operating system's applies";
const ofServer = 'leave it out: the tables are in the schema public';

/** Parameters that are settings here, or are unsupported. */
const rejected = new Map<string, string>(
  Object.entries({
    connection_limit: 'write DATABASE_POOL_SIZE instead',
    pool_timeout: 'write DATABASE_ACQUIRE_TIMEOUT_MS instead',
    socket_timeout: 'write DATABASE_QUERY_TIMEOUT_MS instead',
    query_timeout: 'write DATABASE_QUERY_TIMEOUT_MS instead',
    statement_timeout: 'write DATABASE_STATEMENT_TIMEOUT_MS instead',
    lock_timeout: 'leave it out: it follows DATABASE_STATEMENT_TIMEOUT_MS',
    idle_in_transaction_session_timeout: 'leave it out: it is 10 s',
    max_connection_lifetime: 'write DATABASE_CONNECTION_MAX_AGE_SECONDS instead',
    max_idle_connection_lifetime: 'leave it out: connections stay open for 10 minutes',
    statement_cache_size: 'leave it out: statements stay prepared as long as their connection',
    currentSchema: ofServer,
    search_path: ofServer,
    sslaccept: 'write sslmode=verify-full, or sslmode=no-verify',
    sslidentity: 'write sslcert and sslkey, which name PEM files',
    sslcrl: 'leave it out: lists of revoked certificates are not read',
    sslcrldir: 'leave it out: lists of revoked certificates are not read',
    hostaddr: 'write the address as the host',
    service: 'write its host, user and database into the URL',
    passfile: 'write the password into the URL, or set PGPASSWORD',
    keepalives_interval: ofSystem,
    keepalives_count: ofSystem,
    tcp_user_timeout: ofSystem,
    fallback_application_name: 'write application_name',
    require_auth: 'leave it out: the pg_hba.conf of the server decides',
    requirepeer: 'leave it out: the owner of the socket is not checked',
    replication: 'leave it out',
  }),
);

/**
 * Parses one parameter; null if it has no effect. Pure.
 * @throws PostgresUrlError for an unknown or unsupported one, with what to write
 */
export function readParameter(name: string, value: string): string | null {
  const rule = rules.get(name);
  if (rule) return rule(value, name);
  const advice = rejected.get(name);
  if (advice) throw new PostgresUrlError(`must not have the parameter ${name}: ${advice}`);
  const known = [...addressParameters, ...rules.keys()].join(', ');
  throw new PostgresUrlError(
    `must not have the parameter ${quote(name)}, which is not known. Known are ${known}`,
  );
}

/** A supported parameter: the value must match. */
function support(pattern: RegExp, expects: string): Rule {
  return (value, name) => {
    if (pattern.test(value)) return value;
    throw new PostgresUrlError(`must have ${expects} as ${name}`);
  };
}

/** A parameter that may only state the default, and is dropped. */
function accept(pattern: RegExp, truth: string): Rule {
  return (value, name) => {
    if (pattern.test(value)) return null;
    throw new PostgresUrlError(
      `must not have ${name}=${showValue(value)}: leave ${name} out, ${truth}`,
    );
  };
}

function readSslMode(value: string): string {
  if (value === 'allow' || value === 'prefer') {
    throw new PostgresUrlError(
      `must not have sslmode=${value}, which an attacker can downgrade to no TLS: write ` +
        'sslmode=verify-full, or sslmode=disable to go without',
    );
  }
  if (/^(disable|no-verify|require|verify-ca|verify-full)$/.test(value)) return value;
  throw new PostgresUrlError(
    `must not have sslmode=${showValue(value)}: write disable, no-verify, require, verify-ca or verify-full`,
  );
}

/** The name in JDBC and node-postgres. */
function readSsl(value: string): string {
  if (/^(true|1|false|0|no-verify)$/.test(value)) return value;
  throw new PostgresUrlError(`must not have ssl=${showValue(value)}: write sslmode=verify-full`);
}

/** The driver uses channel binding if the server offers it, and cannot require it. */
function readChannelBinding(value: string): string | null {
  if (value === 'disable') return null;
  if (value === 'prefer') return value;
  throw new PostgresUrlError(
    `must not have channel_binding=${showValue(value)}, which cannot be enforced here: write ` +
      'channel_binding=prefer, which uses it where the server offers it',
  );
}

function showValue(value: string): string {
  return /^[\w-]{1,40}$/.test(value) ? value : quote(value);
}
