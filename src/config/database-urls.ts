import {
  formatPostgresUrl,
  type PostgresDefaults,
  PostgresUrlError,
  parsePostgresUrl,
} from '../lib/postgres-url.ts';

/**
 * Completes the urls among the settings of the database (their names end with _URL) as libpq would, so that
 * nothing behind the configuration reads PG* variables. A url that cannot be obeyed goes to `faults` by its name.
 */
export function completeDatabaseUrls<V extends Readonly<Record<string, unknown>>>(
  values: V,
  defaults: PostgresDefaults,
  faults: Map<string, string>,
): V {
  const entries = Object.entries(values).map(([name, value]) => {
    if (!name.endsWith('_URL') || typeof value !== 'string') return [name, value];
    try {
      return [name, formatPostgresUrl(parsePostgresUrl(value, defaults))];
    } catch (error) {
      if (!(error instanceof PostgresUrlError)) throw error;
      faults.set(name, `${name} ${error.message}`);
      return [name, undefined];
    }
  });
  return Object.fromEntries(entries) as V;
}
