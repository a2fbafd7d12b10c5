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
import { createCommandLog, printError } from './output.ts';
import { watchForStop } from './serve/stop-watch.ts';

/** `isEndless`: the command runs until it is stopped. */
type Ending = { isEndless?: boolean };

/**
 * Runs a command's work on the configured database, which must be at this version (openCurrentDatabase). Uses an
 * embedded server that runs already; one that it starts is stopped afterwards, also after a signal, which ends the
 * process with 1, or with 0 for endless work. Throws what readConfig and openCurrentDatabase throw.
 */
export function withDatabase<T>(work: Work<OpenedDatabase, T>, ending: Ending = {}): Promise<T> {
  return withOpened((config, log) => openCurrentDatabase(config, builtInRoles, log), work, ending);
}

/** Migrates the database first: for `migrate` and `seed` alone. */
export function withMigratedDatabase<T>(work: Work<MigratedDatabase, T>): Promise<T> {
  return withOpened((config, log) => openDatabase(config, builtInRoles, log), work, {});
}

/** For a database of any version: for work that reads none of its tables. */
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

/** Stops the database, which rolls back open transactions, and ends the process. */
async function abandon(opening: Promise<OpenedDatabase>, isEndless: boolean): Promise<void> {
  const database = await opening.catch(() => null);
  await database?.stop();
  if (isEndless) process.exit(0);
  printError('Stopped before the end.');
  process.exit(1);
}
