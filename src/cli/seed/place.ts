import { isLoopback } from '../../config/setting-names.ts';
import type { Config } from '../../config.ts';
import { parsePostgresUrl } from '../../lib/postgres-url.ts';

/** Whether the database is on this machine. */
export function isLocalDatabase({ database }: Config): boolean {
  // Not the pooler's URL, which may be local while the database is remote.
  if (database.directUrl === undefined) return true;
  const { host } = parsePostgresUrl(database.directUrl);
  return host.startsWith('/') || isLoopback(host);
}

/**
 * Whether accounts with published passwords are allowed: the settings allow the demo, and the database is on this
 * machine, so that a local server does not add them to a remote database.
 */
export function mayHoldDemo(config: Config): boolean {
  return config.demo && isLocalDatabase(config);
}
