import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { settleDatabase } from '../../src/db/migrate.ts';
import { nameRoles } from '../../src/db/roles.ts';
import { buildAppUrl } from '../../src/db/serving/app-role.ts';
import { silentLog } from '../../src/lib/log.ts';
import { ensureServing } from './serving.ts';

/** A database of its own in the cluster of the run. */
export type TestDatabase = {
  /** As the superuser, who bypasses row security. */
  ownerUrl: string;
  /** As the serving login, which row security restricts. */
  appUrl: string;
  /** Ends all connections to it and drops it with its roles. */
  drop: () => Promise<void>;
};

/** Serialises clones, since PostgreSQL rejects a template that is in use. */
const cloneLockKey = 7_201_874_034;

/** A database with all migrations applied and a serving login, in some tens of milliseconds. */
export async function createTestDatabase(statementTimeoutMs?: number): Promise<TestDatabase> {
  const database = await createDatabase('tenantry_template');
  await settleDatabase({ ownerUrl: database.ownerUrl, log: silentLog });
  await ensureServing(database.ownerUrl, statementTimeoutMs);
  return database;
}

/** An empty database, for tests of the migrations themselves. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return createDatabase('template0');
}

async function createDatabase(template: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdmin(async (admin) => {
    await admin.query('select pg_advisory_lock($1)', [cloneLockKey]);
    await admin.query(`create database ${name} template ${template}`);
  });
  const roles = nameRoles(name);
  const url = new URL(inject('clusterUrl'));
  url.pathname = `/${name}`;
  return {
    ownerUrl: url.href,
    appUrl: buildAppUrl(url.href, roles.app),
    drop: () =>
      asAdmin(async (admin) => {
        await admin.query(`drop database if exists ${name} with (force)`);
        await admin.query(`drop role if exists ${roles.app}, ${roles.definer}`);
      }),
  };
}

async function asAdmin(task: (admin: pg.Client) => Promise<void>): Promise<void> {
  const admin = new pg.Client({ connectionString: inject('clusterUrl') });
  await admin.connect();
  try {
    await task(admin);
  } finally {
    await admin.end();
  }
}
