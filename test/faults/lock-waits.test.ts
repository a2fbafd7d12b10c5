import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { syncBuiltInRoles } from '../../src/app/open-database.ts';
import { builtInRoles } from '../../src/core/access/permissions.ts';
import { type AdvisoryLock, runOn, takeAdvisoryLock } from '../../src/db/advisory-lock.ts';
import { migrate } from '../../src/db/migrate.ts';
import { withOperator } from '../../src/db/operator.ts';
import { withFileLock } from '../../src/lib/file-lock.ts';
import type { Log } from '../../src/lib/log.ts';
import { getOwnToken } from '../../src/lib/process-token.ts';
import { waitUntil } from '../support/child.ts';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/cluster.ts';

// Another session holds a lock that a start needs. The start waits, and after a while logs the holder.

vi.setConfig({ testTimeout: 60_000 });

type Warning = { fields: Readonly<Record<string, unknown>>; message: string };

let warnings: Warning[];
const log: Log = {
  info: () => undefined,
  warn: (fields, message) => warnings.push({ fields, message }),
};

let database: TestDatabase;
let holder: pg.Client;
beforeEach(() => {
  warnings = [];
});
afterEach(async () => {
  await holder.end();
  await database.drop();
});

async function open(created: Promise<TestDatabase>): Promise<void> {
  database = await created;
  holder = new pg.Client({ connectionString: database.ownerUrl, application_name: 'somebody' });
  await holder.connect();
}

const hold = (lock: AdvisoryLock) => takeAdvisoryLock(runOn(holder), lock, { log });

/** The holder of the lock, as reported by the only warning. */
async function readHolders(): Promise<unknown> {
  await waitUntil(async () => warnings.length > 0, 30);
  expect(warnings.map(({ message }) => message)).toEqual(['waiting for a lock']);
  return warnings[0]?.fields.heldBy;
}

async function findOwnHolder(): Promise<string[]> {
  const { rows } = await holder.query<{ pid: number }>('select pg_backend_pid() as pid');
  return [`somebody (pid ${rows[0]?.pid})`];
}

test('migrations wait for another session, log its name, and are applied once it has released the lock', async () => {
  await open(createEmptyDatabase());
  await hold('migrations');
  const migrationsDir = fileURLToPath(new URL('../../migrations', import.meta.url));
  const migrating = migrate({ ownerUrl: database.ownerUrl, migrationsDir, log });
  expect(await readHolders()).toEqual(await findOwnHolder());
  await holder.query('select pg_advisory_unlock_all()');
  expect((await migrating).applied.length).toBeGreaterThan(0);
});

describe('on a migrated database', () => {
  beforeEach(() => open(createTestDatabase()));

  test.each<[AdvisoryLock, 'disconnect' | 'commit']>([
    ['user import', 'disconnect'],
    ['demo data', 'commit'],
  ])(
    'a command waits for the lock "%s", held until %s, and logs its holder',
    async (lock, until) => {
      await hold(lock);
      const working = withOperator(
        database.ownerUrl,
        (operator) => operator.transaction(() => operator.takeLock(lock, until)),
        { log },
      );
      expect(await readHolders()).toEqual(await findOwnHolder());
      await holder.query('select pg_advisory_unlock_all()');
      await working;
    },
  );

  test('a start waits for a locked table and logs the session that locked it', async () => {
    await holder.query('begin; lock table built_in_roles in access exclusive mode');
    const syncing = syncBuiltInRoles(database.ownerUrl, builtInRoles, log);
    expect(await readHolders()).toEqual(await findOwnHolder());
    await holder.query('rollback');
    await syncing;
  });

  test('a start waits for the lock file of the embedded PostgreSQL and logs the process that holds it', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-lock-'));
    try {
      const file = path.join(folder, 'embedded.lock');
      await writeFile(file, getOwnToken());
      const waiting = withFileLock(file, { deadlineSeconds: 60, log }, async () => 'done');
      expect(await readHolders()).toBe(`process ${process.pid}`);
      await rm(file);
      expect(await waiting).toBe('done');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
