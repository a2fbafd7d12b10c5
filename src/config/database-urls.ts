import {
  formatPostgresUrl,
  type PostgresDefaults,
  PostgresUrlError,
  parsePostgresUrl,
} from '../lib/postgres-url.ts';

/**
 * Completes the database settings that end with _URL as libpq would, so that no other code reads PG* variables. Adds the
 * problem of an unsupported URL to `problems`, by name.
 */
export function completeDatabaseUrls<V extends Readonly<Record<string, unknown>>>(
  values: V,
  defaults: PostgresDefaults,
  problems: Map<string, string>,
): V {
  const entries = Object.entries(values).map(([name, value]) => {
    if (!name.endsWith('_URL') || typeof value !== 'string') return [name, value];
    try {
      return [name, formatPostgresUrl(parsePostgresUrl(value, defaults))];
    } catch (error) {
      if (!(error instanceof PostgresUrlError)) throw error;
      problems.set(name, `${name} ${error.message}`);
      return [name, undefined];
    }
  });
  return Object.fromEntries(entries) as V;
}
