import { isIPv6 } from 'node:net';
import { PostgresUrlError } from './error.ts';

// libpq's connection URIs, which neither WHATWG's URL nor node-postgres fully supports:
// https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-CONNSTRING-URIS

/** The decoded parts of a URL; null or absent if omitted. */
export type SplitUrl = {
  user: string | null;
  password: string | null;
  /** A name, an address without brackets, or the folder of a socket. */
  host: string | null;
  port: string | null;
  database: string | null;
  /** Query parameters, each name once. */
  parameters: ReadonlyMap<string, string>;
};

const form = 'must be a URL such as postgresql://user:password@host:5432/database';
const encode = 'percent-encode @ / : % in the user and the password (%40 %2F %3A %25)';

/**
 * Splits a URL. Pure. Its errors repeat nothing that could be part of the password.
 * @throws PostgresUrlError
 */
export function splitUrl(text: string): SplitUrl {
  const rest = /^postgres(?:ql)?:\/\/(.*)$/is.exec(text.trim())?.[1];
  if (rest === undefined) throw new PostgresUrlError(form);
  if (/\p{Cc}/u.test(rest))
    throw new PostgresUrlError('must not have line breaks or other control characters');
  const [, credentials = null, location = ''] = /^(?:([^@/]*)@)?(.*)$/.exec(rest) ?? [];
  const [, authority = '', path = '', query = ''] =
    /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/.exec(location) ?? [];
  // A raw / in the password moves the rest of it into the path.
  if (authority.includes('@') || (credentials === null && rest.includes('@'))) {
    throw new PostgresUrlError(`must have its only raw @ before the host: ${encode}`);
  }
  return {
    ...splitCredentials(credentials ?? ''),
    ...splitAuthority(authority),
    database: decode(path, 'database name') || null,
    parameters: splitQuery(query),
  };
}

function splitCredentials(credentials: string): Pick<SplitUrl, 'user' | 'password'> {
  const [, user = '', password = ''] = /^([^:]*):?(.*)$/.exec(credentials) ?? [];
  return { user: decode(user, 'user') || null, password: decode(password, 'password') || null };
}

function splitAuthority(authority: string): Pick<SplitUrl, 'host' | 'port'> {
  if (authority.includes(',')) throw new PostgresUrlError(severalHosts);
  const [, bracketed, plain = '', port] =
    /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/.exec(authority) ?? [];
  const isUnread = plain === '' && authority !== '' && !authority.startsWith(':');
  if (bracketed === undefined ? isUnread : !isIPv6(decode(bracketed, 'host'))) {
    throw new PostgresUrlError(`must have a host name or an address like [::1] as host: ${encode}`);
  }
  return { host: decode(bracketed ?? plain, 'host') || null, port: port || null };
}

export const severalHosts =
  'must name one host: write the one address that always leads to the primary, such as that of a proxy or a DNS name';

function splitQuery(query: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of query.split('&').filter((part) => part !== '')) {
    const [, name = '', value] = /^([^=]*)(?:=(.*))?$/.exec(pair) ?? [];
    const known = decode(name, 'parameters');
    if (value === undefined) {
      throw new PostgresUrlError(
        'must have its parameters as name=value, with & between them and % & = + in a value percent-encoded',
      );
    }
    if (parameters.has(known)) {
      throw new PostgresUrlError(`must not have the parameter ${quote(known)} twice`);
    }
    parameters.set(known, decode(value, known === 'password' ? 'password' : 'parameters'));
  }
  return parameters;
}

/** Quotes untrusted text for a message. */
export function quote(name: string): string {
  return JSON.stringify(name.slice(0, 60));
}

function decode(text: string, part: string): string {
  if (/%(?![0-9a-f]{2})/i.test(text)) {
    throw new PostgresUrlError(
      `must not have a raw % in its ${part}: percent-encode the ${part}, where % is written %25`,
    );
  }
  try {
    const decoded = decodeURIComponent(text);
    if (!/\p{Cc}/u.test(decoded)) return decoded;
  } catch {
    // Not UTF-8: falls through.
  }
  throw new PostgresUrlError(`must have a ${part} that is percent-encoded UTF-8 text`);
}
