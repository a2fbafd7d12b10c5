import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type pg from 'pg';
import { connect } from '../db/connection/connect.ts';
import { copyFolder, copyOnto } from './copy-files.ts';

// A low-level base backup of a running cluster, because the npm package of the embedded server has no pg_basebackup.
// Pages written meanwhile may be torn in the copy; recovery repairs them from the copied write-ahead log.
// https://www.postgresql.org/docs/18/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP

/** Directories whose content the server recreates: the same list as pg_basebackup's. */
const emptied = [
  ...['pg_dynshmem', 'pg_notify', 'pg_replslot', 'pg_serial', 'pg_snapshots', 'pg_stat_tmp'],
  ...['pg_subtrans', 'pg_wal/archive_status', 'pg_wal/summaries'],
];

/** Files that belong to the running server, or that are copied separately. */
const leftOut =
  /^(postmaster\.(pid|opts)|server\.log|backup_label|tablespace_map|global\/pg_control)$|^pg_wal\/|(^|\/)(pg_internal\.init.*|pgsql_tmp.*)$/;

/**
 * Copies the running cluster in `pgData` into the new directory `target`. It contains everything that was committed
 * before the end. Throws what the database and the file system throw.
 */
export async function copyRunningCluster(
  ownerUrl: string,
  pgData: string,
  target: string,
): Promise<{ files: number; bytes: number }> {
  // The backup ends with this connection.
  const session = await connect(ownerUrl, {
    name: 'tenantry-backup',
    options: '-c idle_session_timeout=0',
  });
  try {
    // Keeps the write-ahead log since the last checkpoint until it is copied; dropped with the connection.
    await session.query(
      `select pg_create_physical_replication_slot('tenantry_backup_' || pg_backend_pid(), true, true)`,
    );
    const began = await queryOne(
      session,
      `select pg_walfile_name(pg_backup_start('tenantry', true)) as file`,
    );
    await mkdir(target, { mode: 0o700 });
    const copied = await copyFolder(pgData, target, isLeftOut);
    for (const folder of emptied) await mkdir(path.join(target, folder), { recursive: true });
    await copyOnto(
      path.join(pgData, 'global', 'pg_control'),
      path.join(target, 'global', 'pg_control'),
    );
    const ended = await queryOne(
      session,
      'select pg_walfile_name(lsn) as file, labelfile as label from pg_backup_stop(false)',
    );
    await copyLog(pgData, target, [began.file, ended.file]);
    await writeFile(path.join(target, 'backup_label'), ended.label ?? '', { flush: true });
    return copied;
  } finally {
    await session.end();
  }
}

function isLeftOut(relative: string): boolean {
  return leftOut.test(relative) || emptied.includes(path.posix.dirname(relative));
}

/** The segments of the write-ahead log from the start of the backup to its end. */
async function copyLog(pgData: string, target: string, [first, last]: [string, string]) {
  const segments = (await readdir(path.join(pgData, 'pg_wal'))).filter(
    (name) => /^[0-9A-F]{24}$/.test(name) && name >= first && name <= last,
  );
  for (const name of segments) {
    await copyOnto(path.join(pgData, 'pg_wal', name), path.join(target, 'pg_wal', name));
  }
}

async function queryOne(session: pg.Client, sql: string) {
  const { rows } = await session.query<{ file: string; label?: string }>(sql);
  const [row] = rows;
  if (!row) throw new Error('PostgreSQL returned no row about its backup.');
  return row;
}
