import { fileURLToPath } from 'node:url';
import type { Log } from '../lib/log.ts';
import type { Database } from './database.ts';
import { findRootMessage } from './error-map.ts';
import { readMigrations } from './migrate/files.ts';
import { noScope } from './scope.ts';

/** Longer than any healthy answer, shorter than the patience of a load balancer (security requirement F6). */
const answerMsMax = 500;

const migrationsDir = fileURLToPath(new URL('../../migrations', import.meta.url));

type State = { hasMigrations: boolean; isReadOnly: boolean };

/**
 * A function that tells whether the database answers within half a second, has every migration of this release and
 * takes changes. It never throws, and however often it is called at once, the database is asked once. The log says
 * why it is not ready, and when it is again: once for each change, since a probe every second would fill it.
 */
export async function createReadiness(db: Database, log: Log): Promise<() => Promise<boolean>> {
  const names = (await readMigrations(migrationsDir)).map(({ name }) => name);
  let asking: Promise<boolean> | null = null;
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
    asking ??= withinBounds(findReason(db, names))
      .then(announce)
      .finally(() => {
        asking = null;
      });
    return asking;
  };
}

/** Why the database is of no use now, or null. */
async function findReason(db: Database, names: string[]): Promise<string | null> {
  try {
    const [{ hasMigrations, isReadOnly }] = await db.read(
      noScope,
      (read) => read.$queryRaw<[State]>`
        select has_migrations(${names}::text[]) as "hasMigrations",
          current_setting('transaction_read_only')::boolean as "isReadOnly"`,
    );
    if (isReadOnly) {
      // The same address may lead to the new primary by now.
      db.renewConnections();
      return 'the database takes no changes: it is a standby, or set to read-only';
    }
    return hasMigrations ? null : 'a migration of this release is missing in the database';
  } catch (error) {
    return `the database cannot be used: ${findRootMessage(error)}`;
  }
}

function withinBounds(answer: Promise<string | null>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, answerMsMax, `the database has not answered in ${answerMsMax} ms`);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
