import { fileURLToPath } from 'node:url';
import type { Database } from './database.ts';
import { readMigrations } from './migrator/files.ts';
import { noScope } from './scope.ts';

/** Longer than any healthy answer, shorter than the patience of whoever asks (security requirement F6). */
const answerMsMax = 500;

const migrationsDir = fileURLToPath(new URL('../../migrations', import.meta.url));

/**
 * A function that tells whether the database answers within half a second and has every migration of this
 * release. It never raises, and however often it is asked at once, the database is asked once.
 */
export async function createReadiness(db: Database): Promise<() => Promise<boolean>> {
  const names = (await readMigrations(migrationsDir)).map(({ name }) => name);
  let asking: Promise<boolean> | null = null;
  return () => {
    asking ??= withinBounds(askDatabase(db, names)).finally(() => {
      asking = null;
    });
    return asking;
  };
}

async function askDatabase(db: Database, names: string[]): Promise<boolean> {
  try {
    const [row] = await db.read(
      noScope,
      (read) => read.$queryRaw<[{ isReady: boolean }]>`
        select has_migrations(${names}::text[]) as "isReady"`,
    );
    return row.isReady;
  } catch {
    // Why is in the log of whatever else fails now; a probe every second would only drown it.
    return false;
  }
}

function withinBounds(answer: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), answerMsMax);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
