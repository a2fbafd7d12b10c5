import { describePlace, type PostgresAddress, parsePostgresUrl } from '../../lib/postgres-url.ts';
import { ConnectionError, type UrlSetting } from './connection-error.ts';

type Seen = { address: PostgresAddress; place: string; message: string };

/**
 * Turns a connection error into one line that names the setting and what to do. It contains no password and no part
 * of a certificate. Pure.
 */
export function explainConnection(
  error: unknown,
  url: string,
  setting: UrlSetting = 'DATABASE_URL',
): ConnectionError {
  if (error instanceof ConnectionError) return error;
  // Where several addresses were tried, Node puts the reasons inside and leaves the message empty.
  const inner = error instanceof AggregateError ? error.errors[0] : error;
  const message = inner instanceof Error ? inner.message : String(inner);
  const code = inner instanceof Error && 'code' in inner ? String(inner.code) : '';
  const address = parsePostgresUrl(url);
  const seen: Seen = { address, place: describePlace(address), message: toLine(message) };
  const explain = byCode[code] ?? byMessage.find(([pattern]) => pattern.test(message))?.[1];
  const reason = explain ? explain(seen) : explainOther(seen, code);
  return new ConnectionError(`${setting}: ${reason}`, { cause: error });
}

type Explain = (seen: Seen) => string;

const notFound: Explain = ({ address }) =>
  `the host ${address.host} is not found: check its spelling and the DNS server`;

const noAnswer: Explain = ({ place }) =>
  `${place} does not respond: check host and port, the firewall, and whether the server is up`;

const notPostgres: Explain = ({ place, address }) =>
  `the server at ${place} does not respond like PostgreSQL: check host and port` +
  (address.parameters.sslmode ? '' : '; if it requires TLS, add sslmode=verify-full');

const untrusted: Explain = () =>
  "the server's certificate is signed by an unknown authority: name that authority's file with " +
  'sslrootcert=/path/to/ca.pem, or set sslmode=no-verify to accept any certificate';

const login: Explain = ({ address, message }) => {
  if (/client certificate/.test(message)) {
    return (
      'the server wants a client certificate: add sslcert=/path/of/client.pem and sslkey=/path/of/client.key, ' +
      `of an authority that it trusts and for the user ${quote(address.user)}`
    );
  }
  const hint = /no encryption|SSL off/.test(message)
    ? 'if it requires TLS, add sslmode=verify-full; otherwise add a line to its pg_hba.conf'
    : 'check the user, and the pg_hba.conf of the server';
  return `the server rejects the user ${quote(address.user)} (${message}): ${hint}`;
};

/** Error codes of Node, and PostgreSQL's from https://www.postgresql.org/docs/18/errcodes-appendix.html */
const byCode: Readonly<Record<string, Explain>> = {
  ENOTFOUND: notFound,
  EAI_AGAIN: notFound,
  EAI_FAIL: notFound,
  ECONNREFUSED: ({ place }) =>
    `nothing listens at ${place}: start PostgreSQL there, or correct host and port`,
  ENOENT: ({ place }) =>
    `there is no socket ${place}: start PostgreSQL, or correct the directory and the port`,
  EACCES: ({ place }) =>
    `this process has no permission to open ${place}: change the permissions, or connect to a host`,
  ETIMEDOUT: noAnswer,
  EHOSTUNREACH: noAnswer,
  EHOSTDOWN: noAnswer,
  ENETUNREACH: noAnswer,
  ECONNRESET: notPostgres,
  EPIPE: notPostgres,
  '28P01': ({ address }) =>
    `the server rejects the password of the user ${quote(address.user)}: correct it; write @ / : % as ` +
    '%40 %2F %3A %25 in a URL',
  '28000': login,
  '08P01': ({ message }) =>
    /startup parameter/.test(message)
      ? `the connection pooler rejects a parameter of the URL (${message}): remove it from the URL, or add it ` +
        'to ignore_startup_parameters of PgBouncer'
      : `the server, or a connection pooler in front of it, rejects the connection (${message})`,
  '3D000': ({ address }) =>
    `there is no database ${quote(address.database)} on this server: create it (create database …), or ` +
    'correct the name after the last slash',
  '42501': ({ address }) =>
    `the user ${quote(address.user)} has no permission to connect to the database ${quote(address.database)}: ` +
    'grant connect on database … to it',
  '53300': ({ message }) =>
    `the server has no connection left (${message}): lower DATABASE_POOL_SIZE, or raise its max_connections`,
  '57P03': ({ message }) => `the server does not accept connections yet (${message}): try again`,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: () => "the server's certificate has expired: renew it",
  CERT_NOT_YET_VALID: () =>
    "the server's certificate is not valid yet: check the clocks of both machines",
  ERR_TLS_CERT_ALTNAME_INVALID: ({ address }) =>
    `the server's certificate is not for the host ${address.host}: use the name it was issued for, or ` +
    'sslmode=verify-ca with sslrootcert, which does not compare names',
};

/** Driver errors that have no code. */
const byMessage: readonly [pattern: RegExp, explain: Explain][] = [
  [/timeout/i, noAnswer],
  [
    /does not support SSL/,
    () =>
      'the server offers no TLS: enable it there (ssl = on), or set sslmode=disable if the network is trusted',
  ],
  [
    /password must be a/,
    ({ address }) =>
      `the server requires a password for the user ${quote(address.user)}: add it to the URL or PGPASSWORD ` +
      '(.pgpass is not read)',
  ],
  [/establishing an SSL connection|invalid response|Connection terminated/, notPostgres],
];

/** Message for a standby and a server with default_transaction_read_only. */
export const readOnlyDatabase =
  'this database is a standby, or read-only. Use the URL of the primary in DATABASE_URL (or ' +
  'DATABASE_DIRECT_URL if that is set)';

function explainOther({ place, message }: Seen, code: string): string {
  if (/^ERR_SSL|^EPROTO|^ERR_TLS|CERT|CRL/.test(code)) {
    return `TLS with ${place} fails (${code}): check the certificates and TLS versions of both sides`;
  }
  return `${place} cannot be used (${message}${code && `, ${code}`})`;
}

function quote(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}

/** A server's message may span several lines. */
function toLine(message: string): string {
  return message.replaceAll(/\s+/g, ' ').trim().slice(0, 300);
}
