import { fileURLToPath } from 'node:url';
import type { Log } from '../lib/log.ts';
import type { Database } from './database.ts';
import { findRootMessage } from './error-map.ts';
import { readMigrations } from './migrate/files.ts';
import { noScope } from './scope.ts';

/** Longer than any healthy response, shorter than the timeout of a load balancer. */
const responseMsMax = 500;

const migrationsDir = fileURLToPath(new URL('../../migrations', import.meta.url));

type State = { hasMigrations: boolean; isReadOnly: boolean };

/**
 * Returns a function that resolves to true if the database responds within half a second, has every migration of this
 * release and accepts writes. It never throws; concurrent calls share one query. The log gets one line for each change,
 * with the reason.
 */
export async function createReadiness(db: Database, log: Log): Promise<() => Promise<boolean>> {
  const names = (await readMigrations(migrationsDir)).map(({ name }) => name);
  let running: Promise<boolean> | null = null;
  let lastReason: string | null = null;

  function announce(reason: string | null): boolean {
    if (reason !== lastReason) {
      if (reason === null) log.info({}, 'ready again');
      else log.warn({ reason }, 'not ready');
    }
    lastReason = reason;
    return reason === null;
  }

  return () => {
    running ??= withTimeout(findReason(db, names))
      .then(announce)
      .finally(() => {
        running = null;
      });
    return running;
  };
}

/** The reason why the database is not ready, or null. */
async function findReason(db: Database, names: string[]): Promise<string | null> {
  try {
    const [{ hasMigrations, isReadOnly }] = await db.read(
      noScope,
      (read) => read.$queryRaw<[State]>`
        select has_migrations(${names}::text[]) as "hasMigrations",
          current_setting('transaction_read_only')::boolean as "isReadOnly"`,
    );
    if (isReadOnly) {
      // After a failover the same address leads to the new primary.
      db.renewConnections();
      return 'the database is a standby, or read-only';
    }
    return hasMigrations ? null : 'the database lacks a migration of this release';
  } catch (error) {
    return `the database cannot be used: ${findRootMessage(error)}`;
  }
}

function withTimeout(reason: Promise<string | null>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(
      resolve,
      responseMsMax,
      `the database has not responded in ${responseMsMax} ms`,
    );
  });
  return Promise.race([reason, late]).finally(() => clearTimeout(timer));
}
