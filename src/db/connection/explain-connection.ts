import { describePlace, type PostgresAddress, parsePostgresUrl } from '../../lib/postgres-url.ts';
import { ConnectionError, type UrlSetting } from './connection-error.ts';

type Seen = { address: PostgresAddress; place: string; message: string };

/**
 * An error of a connection that was being opened, as one line that names the setting and what to do. It holds
 * neither a password nor anything of a certificate. Pure.
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
  `the host ${address.host} is not found: look at its spelling and at the name server`;

const noAnswer: Explain = ({ place }) =>
  `${place} does not respond: look at host and port, at the firewall, and whether the server is up`;

const notPostgres: Explain = ({ place, address }) =>
  `what listens at ${place} does not respond as PostgreSQL does: look at host and port` +
  (address.parameters.sslmode ? '' : '; where it wants TLS add sslmode=verify-full');

const untrusted: Explain = () =>
  "the server's certificate is signed by no authority known here: name that authority's file with " +
  'sslrootcert=/path/of/ca.pem, or write sslmode=no-verify to accept any certificate';

const login: Explain = ({ address, message }) => {
  const hint = /no encryption|SSL off/.test(message)
    ? 'where it wants TLS add sslmode=verify-full, else add a line to its pg_hba.conf'
    : 'look at the user, and at the pg_hba.conf of the server';
  return `the server does not let the user ${quote(address.user)} in (${message}): ${hint}`;
};

/** Codes of Node, and PostgreSQL's of https://www.postgresql.org/docs/18/errcodes-appendix.html */
const byCode: Readonly<Record<string, Explain>> = {
  ENOTFOUND: notFound,
  EAI_AGAIN: notFound,
  EAI_FAIL: notFound,
  ECONNREFUSED: ({ place }) =>
    `nothing listens at ${place}: start PostgreSQL there, or correct host and port`,
  ENOENT: ({ place }) =>
    `there is no socket ${place}: start PostgreSQL, or correct the folder and the port`,
  EACCES: ({ place }) =>
    `${place} may not be opened by this process: give its user the right to, or connect to a host`,
  ETIMEDOUT: noAnswer,
  EHOSTUNREACH: noAnswer,
  EHOSTDOWN: noAnswer,
  ENETUNREACH: noAnswer,
  ECONNRESET: notPostgres,
  EPIPE: notPostgres,
  '28P01': ({ address }) =>
    `the server rejects the password of the user ${quote(address.user)}: correct it; @ / : % are written ` +
    '%40 %2F %3A %25 in a URL',
  '28000': login,
  '08P01': ({ message }) =>
    /startup parameter/.test(message)
      ? `the connection pooler rejects a parameter of the URL (${message}): take it out of the URL, or name it ` +
        'in ignore_startup_parameters of PgBouncer'
      : `the server, or a connection pooler in front of it, rejects the connection (${message})`,
  '3D000': ({ address }) =>
    `there is no database ${quote(address.database)} on this server: create it (create database …), or ` +
    'correct the name behind the last slash',
  '42501': ({ address }) =>
    `the user ${quote(address.user)} may not connect to the database ${quote(address.database)}: ` +
    'grant connect on database … to it',
  '53300': ({ message }) =>
    `the server has no connection left (${message}): lower DATABASE_POOL_SIZE, or raise its max_connections`,
  '57P03': ({ message }) => `the server takes no connections yet (${message}): try again`,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: () => "the server's certificate has expired: have it renewed",
  CERT_NOT_YET_VALID: () => "the server's certificate is not valid yet: look at both clocks",
  ERR_TLS_CERT_ALTNAME_INVALID: ({ address }) =>
    `the server's certificate is not for the host ${address.host}: write the name that it is for, or ` +
    'sslmode=verify-ca with sslrootcert, which compares no name',
};

/** Messages of the driver that have no code. */
const byMessage: readonly [pattern: RegExp, explain: Explain][] = [
  [/timeout/i, noAnswer],
  [
    /does not support SSL/,
    () =>
      'the server offers no TLS: turn it on there (ssl = on), or write sslmode=disable where the network may be trusted',
  ],
  [
    /password must be a/,
    ({ address }) =>
      `the server asks for a password of the user ${quote(address.user)}: write it into the URL or PGPASSWORD ` +
      '(no .pgpass is read)',
  ],
  [/establishing an SSL connection|invalid response|Connection terminated/, notPostgres],
];

/** Message for a standby and a server with default_transaction_read_only. */
export const readOnlyDatabase =
  'this database takes no changes: it is a standby, or read-only. Name the primary (DATABASE_URL, or ' +
  'DATABASE_DIRECT_URL where that is set)';

function explainOther({ place, message }: Seen, code: string): string {
  if (/^ERR_SSL|^EPROTO|^ERR_TLS|CERT|CRL/.test(code)) {
    return `TLS with ${place} fails (${code}): look at the certificates and TLS versions of both sides`;
  }
  return `${place} cannot be used (${message}${code && `, ${code}`})`;
}

function quote(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}

/** A server's own words, which may fill several lines. */
function toLine(message: string): string {
  return message.replaceAll(/\s+/g, ' ').trim().slice(0, 300);
}
