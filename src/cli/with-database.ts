import { type Config, readConfig } from '../config.ts';
import { builtInRoles } from '../core/permissions.ts';
import { type OpenedDatabase, openDatabase } from '../db/open.ts';
import { createCommandLog, printFault } from './output.ts';
import { watchForStop } from './stop-watch.ts';

/**
 * Runs a command's work on the configured database, migrated. An embedded server that runs already
 * is used and left running; one that had to be started is stopped, after a signal too, which ends
 * the process with 1, or with 0 where the work has no end of its own. Raises what readConfig and
 * openDatabase raise.
 */
export async function withDatabase<T>(
  work: (database: OpenedDatabase, config: Config) => Promise<T>,
  { isEndless = false }: { isEndless?: boolean } = {},
): Promise<T> {
  const config = readConfig();
  const log = createCommandLog();
  const opening = openDatabase(config, builtInRoles, log);
  void watchForStop(log).asked.then(() => abandon(opening, isEndless));
  const database = await opening;
  try {
    return await work(database, config);
  } finally {
    await database.stop();
  }
}

/** Whatever the work is doing, its transactions are rolled back. */
async function abandon(opening: Promise<OpenedDatabase>, isEndless: boolean): Promise<void> {
  const database = await opening.catch(() => null);
  await database?.stop();
  if (isEndless) process.exit(0);
  printFault('Stopped before the end.');
  process.exit(1);
}
