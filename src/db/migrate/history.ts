import pg from 'pg';
import type { Log } from '../../lib/log.ts';
import { listConcurrentIndexes, type MigrationFile } from './files.ts';
import { MigrationError } from './migration-error.ts';

/** A row of `_prisma_migrations` that was not marked as rolled back. */
export type HistoryRow = { name: string; checksum: string; isFinished: boolean };

/** The history, oldest first; empty if the database was never migrated. */
export async function readHistory(session: pg.Pool): Promise<HistoryRow[]> {
  const table = await session.query<{ exists: boolean }>(
    `select to_regclass('public._prisma_migrations') is not null as exists`,
  );
  if (!table.rows[0]?.exists) return [];
  const { rows } = await session.query<HistoryRow>(
    `select migration_name as name, checksum, finished_at is not null as "isFinished"
     from public._prisma_migrations where rolled_back_at is null order by started_at`,
  );
  return rows;
}

/**
 * Throws MigrationError (`not_empty`) if a database that was never migrated has tables in the schema public: the
 * database of another program keeps its roles and permissions.
 */
export async function verifyOwnDatabase(session: pg.Pool): Promise<void> {
  const { rows } = await session.query<{ isForeign: boolean }>(
    `select to_regclass('public._prisma_migrations') is null and exists (
       select from pg_class c
       where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'f')
         and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
     ) as "isForeign"`,
  );
  if (!rows[0]?.isForeign) return;
  throw new MigrationError(
    'not_empty',
    'the schema public of this database has tables of another program: ' +
      'use a separate database (create database tenantry)',
  );
}

/**
 * Returns the pending files. Throws MigrationError `changed` if an applied file was edited, and `unknown` if a newer
 * version migrated the database.
 */
export function listPending(
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
): MigrationFile[] {
  const finished = history.filter((row) => row.isFinished);
  for (const row of finished) {
    const file = files.find(({ name }) => name === row.name);
    if (!file) throw new MigrationError('unknown', describeUnknown(row.name));
    if (file.checksum !== row.checksum) {
      throw new MigrationError('changed', describeChanged(row.name));
    }
  }
  const done = new Set(finished.map(({ name }) => name));
  return files.filter(({ name }) => !done.has(name));
}

/** The first migration of the versions before 0.2.0, which were never released. */
const firstUnreleased = '001_create_session_tables';

function describeUnknown(name: string): string {
  if (name === firstUnreleased) {
    return (
      'this database was created by a version before 0.2.0 and cannot be migrated: ' +
      'create a new database (move users with `tenantry user export` and `user import`)'
    );
  }
  return (
    `the database has the migration ${name}, which this version of tenantry does not know: ` +
    'a newer version migrated it. Use that version, or restore a backup made before'
  );
}

function describeChanged(name: string): string {
  return (
    `migrations/${name}/migration.sql was changed after it had been applied to this database: ` +
    'restore the file and put the change into a new migration'
  );
}

/**
 * Cleans up after a failed or killed run, so that its migration can be applied again. A transactional file left
 * nothing; of a concurrent one the invalid index is dropped. Its row is marked as rolled back, as
 * `prisma migrate resolve --rolled-back` does. Call it under the lock.
 */
export async function clearUnfinished(
  session: pg.Pool,
  files: readonly MigrationFile[],
  log: Log,
): Promise<void> {
  const unfinished = (await readHistory(session)).filter((row) => !row.isFinished);
  for (const { name } of unfinished) {
    const file = files.find((candidate) => candidate.name === name);
    if (file?.isConcurrent) await dropInvalidIndexes(session, listConcurrentIndexes(file));
    await session.query(
      `update public._prisma_migrations set rolled_back_at = now()
       where migration_name = $1 and finished_at is null and rolled_back_at is null`,
      [name],
    );
    log.warn({ migration: name }, 'migration was interrupted; applying it again');
  }
}

async function dropInvalidIndexes(session: pg.Pool, names: readonly string[]): Promise<void> {
  const { rows } = await session.query<{ schema: string; name: string }>(
    `select n.nspname as schema, c.relname as name
     from pg_index i join pg_class c on c.oid = i.indexrelid
       join pg_namespace n on n.oid = c.relnamespace
     where not i.indisvalid and c.relname = any($1) and pg_table_is_visible(i.indrelid)`,
    [names],
  );
  for (const { schema, name } of rows) {
    const index = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
    await session.query(`drop index concurrently if exists ${index}`);
  }
}
