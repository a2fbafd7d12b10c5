import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { migrate } from '../../../src/db/migrate.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { Fault } from '../../support/faults/fault.ts';
import { pass } from '../../support/faults/stage.ts';

const migrations = fileURLToPath(new URL('../../../migrations', import.meta.url));

/** The reader holds a lock on the table that the migration changes. */
export const fault: Fault = {
  name: 'two migrators at once, while a reader holds the table',
  async inject({ cluster }, { isQuick }) {
    const { ownerUrl } = cluster.database;
    const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-migrations-'));
    await cp(migrations, folder, { recursive: true });
    await mkdir(path.join(folder, '999_try'));
    const sql = 'alter table users add column tried text;\nalter table users drop column tried;\n';
    await writeFile(path.join(folder, '999_try', 'migration.sql'), sql);
    const reader = new pg.Client({ connectionString: ownerUrl });
    await reader.connect();
    await reader.query('begin');
    await reader.query('select count(*) from users');
    const options = { ownerUrl, migrationsDir: folder, log: silentLog };
    const runners = [migrate(options), migrate(options)];
    await pass(isQuick ? 3 : 8);
    await reader.end();
    const applied = (await Promise.all(runners)).flatMap((run) => run.applied);
    await rm(folder, { recursive: true });
    if (applied.join() !== '999_try') throw new Error(`applied: ${applied.join() || 'nothing'}`);
    return 'applied once';
  },
  expectation: {
    words:
      'one applies the migration, the other finds it applied; requests that wait for the lock succeed',
    codes: [],
    fullRateMsMax: 2_000,
  },
};
