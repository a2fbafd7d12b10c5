import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { createBackup } from '../../../src/cli/backup/create-backup.ts';
import { restoreBackup } from '../../../src/cli/backup/restore-backup.ts';
import { loadConfig } from '../../../src/config.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { startEmbedded } from '../../../src/postgres/start.ts';
import type { Fault } from '../../support/faults/fault.ts';

const settingsFile = fileURLToPath(
  new URL('../../../src/postgres/postgresql.conf', import.meta.url),
);

/** Counts the data from before the backup, and the credentials that a restore must have revoked. */
const countSql = `
  select (select count(*)::int from users) as users, (select count(*)::int from tenants) as tenants,
    (select count(*)::int from roles where created_at < $1) as roles,
    (select count(*)::int from audit_events where at < $1) as events,
    (select count(*)::int from sessions) as sessions,
    (select count(*)::int from api_keys where revoked_at is null) as keys`;

type Counts = Record<'users' | 'tenants' | 'roles' | 'events' | 'sessions' | 'keys', number>;

export const fault: Fault = {
  name: 'backup under load, restored into a new folder',
  async inject({ cluster, query }) {
    const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-drill-'));
    const backup = path.join(folder, 'backup');
    const target = path.join(folder, 'restored');
    const configure = (dataDir: string) =>
      loadConfig({ NODE_ENV: 'test', TENANTRY_DATA_DIR: dataDir });
    try {
      const [{ at } = { at: new Date() }] = await query<{ at: Date }>('select now() as at');
      const [before] = await query<Counts>(countSql, [at]);
      const { ownerUrl } = cluster.database;
      const config = configure(cluster.dataDir);
      const began = performance.now();
      const { bytes } = await createBackup({ folder: backup, ownerUrl, config, pgBin: undefined });
      const backupSeconds = (performance.now() - began) / 1_000;
      const options = { folder: backup, config: configure(target), keepsKeys: false };
      const restoring = performance.now();
      const { auditEvents } = await restoreBackup({ ...options, pgBin: undefined });
      const restoreSeconds = (performance.now() - restoring) / 1_000;
      compare(before, await countRestored(target, at));
      return (
        `${Math.round(bytes / 1_048_576)} MB copied in ${backupSeconds.toFixed(1)} s, restored in ` +
        `${restoreSeconds.toFixed(1)} s (RTO) with ${auditEvents} audit events verified`
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  expectation: {
    words:
      'no request is affected by the backup; all earlier data is restored, and no credential is valid',
    codes: [],
    fullRateMsMax: 5_000,
  },
};

async function countRestored(dataDir: string, at: Date): Promise<Counts | undefined> {
  const cluster = await startEmbedded({ dataDir, settingsFile, log: silentLog });
  const client = new pg.Client({ connectionString: cluster.ownerUrl });
  try {
    await client.connect();
    return (await client.query<Counts>(countSql, [at])).rows[0];
  } finally {
    await client.end();
    await cluster.stop();
  }
}

function compare(before: Counts | undefined, after: Counts | undefined): void {
  const same = (['users', 'tenants'] as const).filter((what) => before?.[what] !== after?.[what]);
  // Some of these were being written while they were counted.
  const grown = (['roles', 'events'] as const).filter(
    (what) => (before?.[what] ?? 0) > (after?.[what] ?? 0),
  );
  const missing = [...same, ...grown];
  if (missing.length > 0) throw new Error(`the restore differs in:  ${missing.join(', ')}`);
  if (after?.sessions !== 0 || after.keys !== 0)
    throw new Error('credentials are still valid after the restore');
}
