import { isLoopback } from '../../config/setting-names.ts';
import type { Config } from '../../config.ts';
import { parsePostgresUrl } from '../../lib/postgres-url.ts';

/** Whether the database is on this machine. */
export function isLocalDatabase({ database }: Config): boolean {
  // Not the pooler, which may well be here while the database is elsewhere.
  if (database.directUrl === undefined) return true;
  const { host } = parsePostgresUrl(database.directUrl);
  return host.startsWith('/') || isLoopback(host);
}

/**
 * Whether accounts with published passwords may be here: the settings allow the demo, and the
 * database is on this machine, so that nobody fills a remote one by starting a server at home.
 */
export function mayHoldDemo(config: Config): boolean {
  return config.demo && isLocalDatabase(config);
}
