import { PostgresUrlError } from './error.ts';

/** Server settings that the service sets itself, because its results or permissions depend on them. */
const fixedSettings: ReadonlySet<string> = new Set([
  ...['timezone', 'datestyle', 'intervalstyle', 'bytea_output', 'extra_float_digits'],
  ...['client_encoding', 'lc_monetary', 'lc_numeric', 'lc_time', 'xmlbinary', 'xmloption'],
  ...['quote_all_identifiers', 'search_path', 'standard_conforming_strings', 'array_nulls'],
  ...['transform_null_equals', 'row_security', 'gin_fuzzy_search_limit'],
  ...['restrict_nonsystem_relation_kind', 'session_replication_role', 'role'],
  ...['session_authorization', 'transaction_isolation', 'transaction_read_only'],
  ...['default_transaction_isolation', 'default_transaction_read_only'],
  ...['default_transaction_deferrable', 'synchronous_commit', 'exit_on_error'],
  ...['idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout'],
  ...['jit', 'plan_cache_mode'],
]);

const timeouts: ReadonlySet<string> = new Set(['statement_timeout', 'lock_timeout']);

/**
 * Parses `options`: settings of the server (`-c name=value`, `--name=value`) and providers' routing (`endpoint=`,
 * `project=`). Rejects settings that the service sets itself. Pure.
 * @throws PostgresUrlError
 */
export function readOptions(value: string): string | null {
  // Programs that write forms rather than URLs encode a space as +.
  const spaced = /^-c\+/.test(value) ? value.replaceAll('+', ' ') : value;
  const joined = spaced.trim().replaceAll(/(^|\s)-c\s+/g, '$1-c');
  for (const word of joined.match(/(?:\\.|[^\s\\])+/g) ?? []) verifyOption(word);
  return spaced.trim() || null;
}

function verifyOption(word: string): void {
  if (/^(endpoint|project)=[\w-]+$/.test(word)) return;
  const [, written] = /^(?:-c|--)([\w.-]+)=/.exec(word) ?? [];
  if (written === undefined) {
    throw new PostgresUrlError('must have only -c name=value in options');
  }
  // PostgreSQL accepts both spellings, in any case.
  const name = written.toLowerCase().replaceAll('-', '_');
  if (timeouts.has(name)) {
    throw new PostgresUrlError(
      `must not set ${name} in options: write DATABASE_STATEMENT_TIMEOUT_MS, from which both follow`,
    );
  }
  if (fixedSettings.has(name) || name.startsWith('tenantry.')) {
    throw new PostgresUrlError(
      `must not set ${name} in options: leave it out, the service sets it for each connection` +
        (name === 'search_path' ? ' (its tables are in the schema public)' : ''),
    );
  }
}
