import { isLoopback } from '../../config/faults.ts';
import type { Config } from '../../config.ts';

/** Whether the database is on this machine. */
export function isLocalDatabase({ database }: Config): boolean {
  if (database.url === undefined) return true;
  return isLoopback(new URL(database.url).hostname.replace(/^\[|\]$/g, ''));
}

/**
 * Whether accounts with published passwords may be here: the settings allow the demo, and the
 * database is on this machine, so that nobody fills a remote one by starting a server at home.
 */
export function mayHoldDemo(config: Config): boolean {
  return config.demo && isLocalDatabase(config);
}
