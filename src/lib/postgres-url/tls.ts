import { PostgresUrlError } from './error.ts';

type Parameters = Readonly<Record<string, string>>;

const files = ['sslrootcert', 'sslcert', 'sslkey', 'sslpassword'] as const;

/**
 * Reduces all TLS parameters to one `sslmode`: `disable`, `no-verify` (TLS with any certificate), `verify-ca` (issued by
 * an authority of `sslrootcert`) or `verify-full` (and for this host name). `require` becomes `verify-ca` with a
 * `sslrootcert`, as in libpq, and `verify-full` without; `uselibpqcompat=true` makes the latter `no-verify`, as in
 * libpq (decision 048). A socket has no TLS. Pure.
 * @throws PostgresUrlError for contradictions
 */
export function arrangeTls(parameters: Parameters, isSocket: boolean): Parameters {
  const { sslmode: _mode, ssl: _ssl, uselibpqcompat: _compat, ...others } = parameters;
  const mode = isSocket ? 'disable' : findMode(parameters);
  if (mode !== 'disable') {
    verifyFiles(parameters, mode);
    return { sslmode: mode, ...others };
  }
  const isOfTls = (name: string) => /^ssl|^channel_binding$/.test(name);
  return Object.fromEntries(Object.entries(others).filter(([name]) => !isOfTls(name)));
}

function findMode(parameters: Parameters): string {
  const { sslrootcert, uselibpqcompat } = parameters;
  const written = findWritten(parameters);
  if (written === null) {
    if (sslrootcert === 'system') return 'verify-full';
    const [needsMode] = [...files, 'sslnegotiation'].filter(
      (name) => parameters[name] !== undefined,
    );
    if (needsMode === undefined || parameters[needsMode] === 'postgres') return 'disable';
    throw new PostgresUrlError(`must have a sslmode with ${needsMode}: write sslmode=verify-full`);
  }
  if (written !== 'require') return written;
  if (sslrootcert !== undefined) return 'verify-ca';
  return uselibpqcompat === 'true' ? 'no-verify' : 'verify-full';
}

/** The mode from `sslmode`, or from `ssl` as in JDBC and node-postgres; null without either. */
function findWritten({ sslmode, ssl }: Parameters): string | null {
  if (ssl === undefined) return sslmode ?? null;
  const meant = ssl === 'no-verify' ? ssl : /^(true|1)$/.test(ssl) ? 'require' : 'disable';
  if (sslmode === undefined) return meant;
  if ((sslmode === 'disable') === (meant === 'disable')) return sslmode;
  throw new PostgresUrlError('must not have both ssl and sslmode: leave ssl out');
}

function verifyFiles(parameters: Parameters, mode: string): void {
  const { sslrootcert, sslcert, sslkey, sslpassword } = parameters;
  if (sslrootcert === 'system' && mode !== 'verify-full') {
    throw new PostgresUrlError('must have sslmode=verify-full with sslrootcert=system');
  }
  if (mode === 'verify-ca' && sslrootcert === undefined) {
    throw new PostgresUrlError(
      'must have a sslrootcert with sslmode=verify-ca: write sslrootcert=/path/of/ca.pem, or sslmode=verify-full ' +
        'for a certificate of a public authority',
    );
  }
  if (mode === 'no-verify' && sslrootcert !== undefined) {
    throw new PostgresUrlError(
      'must not have a sslrootcert with sslmode=no-verify, which verifies nothing: write sslmode=verify-full',
    );
  }
  if ((sslcert === undefined) !== (sslkey === undefined)) {
    throw new PostgresUrlError('must have sslcert and sslkey both, or neither');
  }
  if (sslpassword !== undefined && sslkey === undefined) {
    throw new PostgresUrlError('must have a sslkey with sslpassword');
  }
  const { ssl_min_protocol_version: min, ssl_max_protocol_version: max } = parameters;
  if (min !== undefined && max !== undefined && min > max) {
    throw new PostgresUrlError('must not have a ssl_min_protocol_version above the maximum');
  }
}
