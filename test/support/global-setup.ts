import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { syncBuiltInRoles } from '../../src/app/open-database.ts';
import { builtInRoles } from '../../src/core/access/permissions.ts';
import { migrate } from '../../src/db/migrate.ts';
import { withFileLock } from '../../src/lib/file-lock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { startEmbedded } from '../../src/postgres/start.ts';
import { postgres17, postgres17Project } from './postgres-17.ts';
import { openRunFolder } from './run-folder.ts';
import { ensureServing } from './serving.ts';

declare module 'vitest' {
  // biome-ignore lint/style/useConsistentTypeDefinitions: only an interface can be added to.
  interface ProvidedContext {
    /** The superuser's URL of the cluster of the run, with the empty database `tenantry`. */
    clusterUrl: string;
  }
}

const atRoot = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const setupLock = atRoot('node_modules/.tenantry-test-setup.lock');

/** Starts one cluster for the run, with a migrated template for the test databases. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await openRunFolder();
  const cluster = await startEmbedded({
    dataDir: await mkdtemp(path.join(tmpdir(), 'cluster-')),
    settingsFile: atRoot('src/postgres/postgresql.conf'),
    overrides: {
      // Test data need not survive a power cut.
      fsync: 'off',
      full_page_writes: 'off',
      shared_buffers: '128MB',
      // Enough for the statements of all databases of the run, so that none is evicted before its test reads it.
      'pg_stat_statements.max': '50000',
    },
    log: silentLog,
    otherVersion: isOn17(project) ? (postgres17 ?? undefined) : undefined,
  });
  // Projects are set up concurrently in one process, but the schema engine runs only once at a time.
  await withFileLock(setupLock, { deadlineSeconds: 180 }, () => createTemplate(cluster.ownerUrl));
  project.provide('clusterUrl', cluster.ownerUrl);
  return () => cluster.stop();
}

/** `TEST_POSTGRES=17 npx vitest run --project system` runs all system tests on PostgreSQL 17. */
function isOn17({ name }: TestProject): boolean {
  return name === postgres17Project || process.env.TEST_POSTGRES === '17';
}

async function createTemplate(clusterUrl: string): Promise<void> {
  const admin = new pg.Client({ connectionString: clusterUrl });
  await admin.connect();
  try {
    await admin.query('create database tenantry_template');
    const templateUrl = new URL(clusterUrl);
    templateUrl.pathname = '/tenantry_template';
    const ownerUrl = templateUrl.href;
    await migrate({ ownerUrl, migrationsDir: atRoot('migrations'), log: silentLog });
    await syncBuiltInRoles(ownerUrl, builtInRoles);
    await ensureServing(ownerUrl);
    // A template with connections cannot be cloned.
    await admin.query('alter database tenantry_template is_template true allow_connections false');
  } finally {
    await admin.end();
  }
}
