import {
  type MigratedDatabase,
  type OpenedDatabase,
  openAnyDatabase,
  openCurrentDatabase,
  openDatabase,
} from '../app/open-database.ts';
import { type Config, readConfig } from '../config.ts';
import { builtInRoles } from '../core/access/permissions.ts';
import type { Logger } from '../observability/logger.ts';
import { createCommandLog, printFault } from './output.ts';
import { watchForStop } from './serve/stop-watch.ts';

/** How a command ends that has no end of its own. */
type Ending = { isEndless?: boolean };

/**
 * Runs a command's work on the configured database, which must be at this version: a command that is
 * no migration changes no schema (openCurrentDatabase). An embedded server that runs already is used
 * and left running; one that had to be started is stopped, after a signal too, which ends the process
 * with 1, or with 0 where the work has no end of its own. Throws what readConfig and
 * openCurrentDatabase throw.
 */
export function withDatabase<T>(work: Work<OpenedDatabase, T>, ending: Ending = {}): Promise<T> {
  return withOpened((config, log) => openCurrentDatabase(config, builtInRoles, log), work, ending);
}

/** The same on a database that is brought up to date first: for `migrate` and `seed` alone. */
export function withMigratedDatabase<T>(work: Work<MigratedDatabase, T>): Promise<T> {
  return withOpened((config, log) => openDatabase(config, builtInRoles, log), work, {});
}

/** The same on a database of any version, for work that reads none of its tables. */
export function withAnyDatabase<T>(work: Work<OpenedDatabase, T>): Promise<T> {
  return withOpened(openAnyDatabase, work, {});
}

type Work<Database, T> = (database: Database, config: Config) => Promise<T>;

async function withOpened<Database extends OpenedDatabase, T>(
  open: (config: Config, log: Logger) => Promise<Database>,
  work: Work<Database, T>,
  { isEndless = false }: Ending,
): Promise<T> {
  const config = readConfig();
  const log = createCommandLog();
  const opening = open(config, log);
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
