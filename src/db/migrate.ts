import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Log } from '../lib/log.ts';
import { createMigrationAdapter, queryOnSession, type ScriptFailure } from './migrate/adapter.ts';
import { applyWithEngine } from './migrate/engine.ts';
import { type MigrationFile, readMigrations } from './migrate/files.ts';
import {
  type FunctionFile,
  findFunctionLine,
  listChangedFunctions,
  readFunctions,
  writeFunctions,
} from './migrate/functions.ts';
import { clearUnfinished, listPending, readHistory, verifyOwnDatabase } from './migrate/history.ts';
import { MigrationError } from './migrate/migration-error.ts';
import { readRolesState, settleRoles } from './migrate/roles.ts';
import { createSession, takeLock, verifyServer, verifyWritable } from './migrate/session.ts';
import { type DatabaseRoles, fillRoles } from './roles.ts';

/** The database and the files to migrate it with. */
export type MigrateOptions = {
  ownerUrl: string;
  /** The directory with `NNN_words/migration.sql` and `functions/<name>.sql`. */
  migrationsDir: string;
  log: Log;
  /** How long to wait for other runners and locked tables. Does not limit the work itself. */
  deadlineSeconds?: number;
  /** The database whose roles it gets, if it is about to replace that database. */
  rolesOf?: string | undefined;
};

type Run = {
  session: pg.Pool;
  functions: readonly FunctionFile[];
  migrationsDir: string;
  log: Log;
  deadline: number;
  roles: DatabaseRoles;
};

/**
 * Brings the database to the version of the files and returns the names it applied. Safe to repeat, to run
 * concurrently and to kill: each migration is applied exactly once and atomically, then each function that has
 * changed. If nothing is pending it takes no lock and does not load the engine. Throws MigrationError.
 */
export async function migrate({
  ownerUrl,
  migrationsDir,
  log,
  deadlineSeconds = 60,
  rolesOf,
}: MigrateOptions): Promise<{ applied: string[] }> {
  const files = await readMigrations(migrationsDir);
  const functions = await readFunctions(migrationsDir);
  const session = createSession(ownerUrl);
  const deadline = Date.now() + deadlineSeconds * 1_000;
  try {
    await verifyServer(session);
    await verifyWritable(session);
    const state = await readRolesState(session, rolesOf);
    const isCurrent =
      listPending(files, await readHistory(session)).length === 0 &&
      (await listChangedFunctions(session, functions)).length === 0;
    // Only tests have files without roles.
    const needsRoles = files.some(({ sql }) => fillRoles(sql, state.wanted) !== sql);
    if (isCurrent && (state.isSettled || !needsRoles)) return { applied: [] };
    await takeLock(session, { deadline, log });
    await verifyOwnDatabase(session);
    if (needsRoles) await settleRoles(session, await readRolesState(session, rolesOf), log);
    const run = { session, functions, migrationsDir, log, deadline, roles: state.wanted };
    const isNew = (await readHistory(session)).length === 0;
    const changed = isNew ? [] : await listChangedFunctions(session, functions);
    const applied = await applyPending(files, run);
    await applyChangedFunctions(run);
    for (const { name } of changed) log.info({ function: name }, 'function applied');
    return { applied: [...applied, ...changed.map(toFunctionPath)] };
  } finally {
    await session.end();
  }
}

/**
 * Gives the database its own roles if it shares them or they are misnamed; changes nothing else. Throws
 * MigrationError.
 */
export async function settleDatabase({
  ownerUrl,
  log,
}: Pick<MigrateOptions, 'ownerUrl' | 'log'>): Promise<void> {
  const session = createSession(ownerUrl);
  try {
    await takeLock(session, { deadline: Date.now() + 60_000, log });
    const state = await readRolesState(session);
    if (!state.isSettled) await settleRoles(session, state, log);
  } finally {
    await session.end();
  }
}

/**
 * Lists the pending files; changes nothing. `isNew` if the database was never migrated. Throws MigrationError.
 */
export async function listPendingMigrations({
  ownerUrl,
  migrationsDir,
}: Pick<MigrateOptions, 'ownerUrl' | 'migrationsDir'>): Promise<{
  pending: string[];
  isNew: boolean;
}> {
  const files = await readMigrations(migrationsDir);
  const functions = await readFunctions(migrationsDir);
  const session = createSession(ownerUrl);
  try {
    await verifyServer(session);
    const history = await readHistory(session);
    const pending = listPending(files, history).map(({ name }) => name);
    const changed = (await listChangedFunctions(session, functions)).map(toFunctionPath);
    return { pending: [...pending, ...changed], isNew: history.length === 0 };
  } finally {
    await session.end();
  }
}

/** Call it under the lock, so that the history cannot change meanwhile. */
async function applyPending(files: MigrationFile[], run: Run): Promise<string[]> {
  const pending = listPending(files, await readHistory(run.session)).map(({ name }) => name);
  for (;;) {
    await clearUnfinished(run.session, files, run.log);
    const remaining = listPending(files, await readHistory(run.session));
    if (remaining.length === 0) break;
    const failure = await applyOnce(files, run);
    if (failure) await waitForTables(failure.file.name, failure.error, run);
  }
  for (const migration of pending) run.log.info({ migration }, 'migration applied');
  return pending;
}

/** In one transaction: the changed functions, or all of them after a migration. */
async function applyChangedFunctions(run: Run): Promise<void> {
  const changed = await listChangedFunctions(run.session, run.functions);
  if (changed.length === 0) return;
  const script = fillRoles(writeFunctions(changed), run.roles);
  for (;;) {
    const error = await queryOnSession(run.session, script).catch((reason: unknown) => reason);
    if (!error) break;
    if (!lockCodes.has(readField(error, 'code'))) {
      const message = describeFailure('functions', script, error);
      throw new MigrationError('failed', message, { cause: error });
    }
    await waitForTables('functions', error, run);
  }
}

function toFunctionPath({ name }: FunctionFile): string {
  return `functions/${name}`;
}

/** Returns null if all were applied, or the failure if a table was locked for too long. */
async function applyOnce(files: MigrationFile[], run: Run): Promise<ScriptFailure | null> {
  let failure: ScriptFailure | null = null;
  const onFailure = (seen: ScriptFailure) => {
    failure = seen;
  };
  const factory = createMigrationAdapter(run.session, {
    files,
    functions: run.functions,
    roles: run.roles,
    onFailure,
  });
  try {
    await applyWithEngine(factory, { files, migrationsDir: run.migrationsDir });
    return null;
  } catch (error) {
    return explain(error, failure);
  }
}

function explain(error: unknown, failure: ScriptFailure | null): ScriptFailure {
  if (!failure) throw explainEngine(error);
  if (lockCodes.has(readField(failure.error, 'code'))) return failure;
  const { file, error: cause } = failure;
  const message = describeFailure(`${file.name}/migration.sql`, file.sql, cause);
  throw new MigrationError('failed', message, { cause });
}

/** Errors of the engine before it ran a file. */
function explainEngine(error: unknown): MigrationError {
  const message = error instanceof Error ? error.message : String(error);
  return new MigrationError('failed', message, { cause: error });
}

/** lock_not_available and deadlock_detected: PostgreSQL's appendix of error codes. */
const lockCodes = new Set(['55P03', '40P01']);

/** Pauses before the next try, because other statements queue behind a waiting migration. */
async function waitForTables(migration: string, error: unknown, run: Run): Promise<void> {
  if (Date.now() > run.deadline) {
    throw new MigrationError(
      'busy',
      `migrations/${migration} could not lock its tables in time: end the long transactions ` +
        'on them (pg_stat_activity), then start again',
      { cause: error },
    );
  }
  run.log.warn({ migration }, 'table is locked; retrying the migration');
  await sleep(500 + Math.random() * 1_000);
}

function describeFailure(place: string, script: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (
    `migrations/${describePlace(place, script, Number(readField(error, 'position')))}: ${message} ` +
    `(${readField(error, 'code') || 'no code'}). The file was rolled back: ` +
    'fix the error, then start again'
  );
}

function describePlace(place: string, script: string, position: number): string {
  const found = findFunctionLine(script, position);
  if (found) return `functions/${found.name}.sql line ${found.line}`;
  return position ? `${place} line ${script.slice(0, position).split('\n').length}` : place;
}

function readField(error: unknown, field: 'code' | 'position'): string {
  return String((error instanceof Error && Reflect.get(error, field)) || '');
}
