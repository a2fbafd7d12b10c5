import { readFileSync } from 'node:fs';
import { type ConnectionOptions, createSecureContext, getCACertificates } from 'node:tls';
import type pg from 'pg';
import { type PostgresAddress, parsePostgresUrl } from '../../lib/postgres-url.ts';
import { ConnectionError, type UrlSetting } from './connection-error.ts';

type Parameters = PostgresAddress['parameters'];

/**
 * The node-postgres configuration for a url. Every option is set explicitly, because node-postgres fills gaps from
 * the environment, reads ~/.pgpass, and interprets sslmode in its own way. Reads the certificate files.
 * @throws ConnectionError naming `setting` for a file that cannot be used
 */
export function toClientConfig(url: string, setting: UrlSetting = 'DATABASE_URL'): pg.ClientConfig {
  const { user, password, host, port, database, parameters } = parsePostgresUrl(url);
  const { connect_timeout: seconds, keepalives, keepalives_idle: idleSeconds } = parameters;
  const tls = parameters.sslmode === undefined ? false : createTls(parameters, setting);
  return {
    host,
    port,
    user,
    database,
    // A function, because node-postgres would replace an empty password by one from elsewhere.
    password: password ?? (() => ''),
    ssl: tls,
    sslnegotiation: parameters.sslnegotiation === 'direct' ? 'direct' : 'postgres',
    ...(parameters.channel_binding && tls && { enableChannelBinding: true }),
    ...(parameters.options && { options: parameters.options }),
    ...(parameters.application_name && { application_name: parameters.application_name }),
    ...(seconds && { connectionTimeoutMillis: Number(seconds) * 1_000 }),
    ...(keepalives && { keepAlive: keepalives === '1' }),
    ...(idleSeconds && { keepAliveInitialDelayMillis: Number(idleSeconds) * 1_000 }),
  };
}

function createTls(parameters: Parameters, setting: UrlSetting): ConnectionOptions {
  const { sslmode, sslcert, sslkey, sslpassword } = parameters;
  const { ssl_min_protocol_version: min, ssl_max_protocol_version: max } = parameters;
  const read = (name: string) => readFile(name, parameters[name], setting);
  const ca = parameters.sslrootcert === 'system' ? listAuthorities() : read('sslrootcert');
  const options: ConnectionOptions = {
    ...(ca && { ca }),
    ...(sslcert && { cert: read('sslcert') }),
    ...(sslkey && { key: read('sslkey') }),
    ...(sslpassword && { passphrase: sslpassword }),
    ...(min && { minVersion: min as 'TLSv1.2' }),
    ...(max && { maxVersion: max as 'TLSv1.2' }),
  };
  verifyUsable(options, setting);
  return {
    ...options,
    rejectUnauthorized: sslmode !== 'no-verify',
    // The authority is the operator's own, so any certificate it signed is accepted.
    ...(sslmode === 'verify-ca' && { checkServerIdentity: () => undefined }),
  };
}

/** Authorities that the machine trusts, and those bundled with Node. */
function listAuthorities(): string[] {
  return [...getCACertificates('default'), ...getCACertificates('system')];
}

function readFile(name: string, file: string | undefined, setting: UrlSetting): string | undefined {
  if (file === undefined) return undefined;
  try {
    const text = readFileSync(file, 'utf8');
    if (/^-----BEGIN [A-Z ]+-----\r?$/m.test(text)) return text;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unreadable';
    const why = fileErrors[String(code)] ?? `cannot be read (${code})`;
    throw new ConnectionError(`${setting}: the file of ${name}, ${file}, ${why}`, { cause: error });
  }
  throw new ConnectionError(
    `${setting}: the file of ${name}, ${file}, is not in PEM format (-----BEGIN …-----): convert it with openssl`,
  );
}

const fileErrors: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist: correct the path',
  EACCES: 'cannot be read by this process: change the permissions, or copy the file',
  EISDIR: 'is a directory: name the file in it',
};

/** @throws ConnectionError if certificate, key and password do not work together; Node's own errors name no file */
function verifyUsable(options: ConnectionOptions, setting: UrlSetting): void {
  try {
    createSecureContext(options);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const why = /mismatch/i.test(text)
      ? 'sslkey is not the key of sslcert'
      : /passphrase|decrypt|interrupted|cancelled/i.test(text)
        ? 'sslkey is encrypted and sslpassword is missing or wrong'
        : `sslrootcert, sslcert and sslkey cannot be used (${text.split('\n')[0]})`;
    throw new ConnectionError(`${setting}: ${why}`, { cause: error });
  }
}
