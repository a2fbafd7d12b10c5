import { PrismaPg } from '@prisma/adapter-pg';
import type {
  SqlDriverAdapter,
  SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import pg from 'pg';
import { type DatabaseRoles, fillRoles } from '../roles.ts';
import type { MigrationFile } from './files.ts';
import { type FunctionFile, forgetFunctions, insertFunctions } from './functions.ts';
import { setLockTimeout } from './session.ts';

/** The error of a script, as PostgreSQL reported it; the engine keeps only the text. */
export type ScriptFailure = { file: MigrationFile; error: unknown };

/** The migrations, and the roles that replace the plain names in them. */
export type MigrationAdapterOptions = {
  files: readonly MigrationFile[];
  functions: readonly FunctionFile[];
  roles: DatabaseRoles;
  onFailure: (failure: ScriptFailure) => void;
};

/**
 * Prisma's pg adapter for the schema engine, except for how a migration file runs. Prisma's own `executeScript` splits
 * the file at every semicolon, which breaks function bodies, and sends the parts one by one, so a failure or a kill
 * would leave half a migration.
 */
export function createMigrationAdapter(
  session: pg.Pool,
  { files, functions, roles, onFailure }: MigrationAdapterOptions,
): SqlMigrationAwareDriverAdapterFactory {
  const factory = new PrismaPg(session);
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => replaceExecuteScript(await factory.connect(), runScript),
    connectToShadowDb: () => Promise.reject(new Error('there is no shadow database here')),
  };

  async function runScript(script: string): Promise<void> {
    const found = files.find(({ sql }) => sql === script);
    if (!found)
      throw new Error('the engine was asked to run a script that is not a migration file');
    // The history keeps the checksum of the original file.
    const file = { ...found, sql: fillRoles(insertFunctions(found, functions).sql, roles) };
    try {
      await (file.isConcurrent
        ? runOutsideTransaction(session, file)
        : runInTransaction(session, file));
    } catch (error) {
      onFailure({ file, error });
      throw error;
    }
  }
}

/**
 * One simple-protocol message with several statements is one transaction (PostgreSQL's protocol
 * documentation, "Multiple Statements in a Simple Query"). It also marks the history row as finished, so a kill cannot
 * separate the two; the engine then sets the same column once more. A `begin atomic` body keeps the columns it was
 * created with, so every function is applied again after a migration.
 */
async function runInTransaction(session: pg.Pool, file: MigrationFile): Promise<void> {
  await queryOnSession(
    session,
    `${file.sql}\n;\n${forgetFunctions}\nupdate public._prisma_migrations set finished_at = now()
     where migration_name = ${pg.escapeLiteral(file.name)}
       and finished_at is null and rolled_back_at is null`,
  );
}

/** `pool.query` drops the connection of a failed statement, and the migration lock with it. */
export async function queryOnSession(session: pg.Pool, sql: string): Promise<void> {
  const client = await session.connect();
  try {
    await client.query(sql);
  } finally {
    client.release();
  }
}

/**
 * A concurrent index build blocks neither reads nor writes, so it may wait. A lock timeout would only leave an invalid
 * index behind if another transaction is long.
 */
async function runOutsideTransaction(session: pg.Pool, file: MigrationFile): Promise<void> {
  await session.query('set lock_timeout = 0');
  try {
    await queryOnSession(session, file.sql);
  } finally {
    await session.query(setLockTimeout);
  }
}

function replaceExecuteScript(
  adapter: SqlDriverAdapter,
  executeScript: SqlDriverAdapter['executeScript'],
): SqlDriverAdapter {
  return {
    provider: adapter.provider,
    adapterName: adapter.adapterName,
    executeRaw: (query) => adapter.executeRaw(query),
    queryRaw: (query) => adapter.queryRaw(query),
    executeScript,
    startTransaction: (level) => adapter.startTransaction(level),
    getConnectionInfo: () => adapter.getConnectionInfo?.() ?? { supportsRelationJoins: true },
    // migrate.ts ends the session, after the lock is no longer needed.
    dispose: () => Promise.resolve(),
  };
}
