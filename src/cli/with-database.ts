import { type Config, readConfig } from '../config.ts';
import { builtInRoles } from '../core/permissions.ts';
import { type OpenedDatabase, openDatabase } from '../db/open.ts';
import { createCommandLog } from './output.ts';

/**
 * Runs a command's work on the configured database, migrated. An embedded server that runs already
 * is used and left running; one that had to be started is stopped. Raises what readConfig and
 * openDatabase raise.
 */
export async function withDatabase<T>(
  work: (database: OpenedDatabase, config: Config) => Promise<T>,
): Promise<T> {
  const config = readConfig();
  const database = await openDatabase(config, builtInRoles, createCommandLog());
  try {
    return await work(database, config);
  } finally {
    await database.stop();
  }
}
