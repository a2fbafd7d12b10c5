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

/** The error of a script, as PostgreSQL reported it: the engine keeps only the text. */
export type ScriptFailure = { file: MigrationFile; error: unknown };

/** The migrations, and the roles that stand for the plain names in them. */
export type MigrationAdapterOptions = {
  files: readonly MigrationFile[];
  functions: readonly FunctionFile[];
  roles: DatabaseRoles;
  onFailure: (failure: ScriptFailure) => void;
};

/**
 * Prisma's pg adapter for the schema engine, except for how a migration file is run. Prisma's own
 * `executeScript` cuts the file at every semicolon, which breaks function bodies, and sends the
 * pieces one by one, so a failure or a kill would leave half a migration.
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
    if (!found) throw new Error('the engine was to run a script that is no migration file');
    // The history keeps the checksum of the file as it is.
    const file = { ...found, sql: fillRoles(insertFunctions(found, functions).sql, roles) };
    try {
      await (file.isConcurrent ? runBare(session, file) : runInTransaction(session, file));
    } catch (error) {
      onFailure({ file, error });
      throw error;
    }
  }
}

/**
 * One simple-protocol message with several statements is one transaction (PostgreSQL's protocol
 * documentation, "Multiple Statements in a Simple Query"). The history row is finished in the same
 * one, so no kill can come between; the engine then sets the same column once more. A body outside of quotes keeps the
 * columns it was created with, so a migration has all functions applied again.
 */
async function runInTransaction(session: pg.Pool, file: MigrationFile): Promise<void> {
  await queryOnSession(
    session,
    `${file.sql}\n;\n${forgetFunctions}\nupdate public._prisma_migrations set finished_at = now()
     where migration_name = ${pg.escapeLiteral(file.name)}
       and finished_at is null and rolled_back_at is null`,
  );
}

/** A pool's own query drops the connection of a refused statement, and the runners' lock with it. */
export async function queryOnSession(session: pg.Pool, sql: string): Promise<void> {
  const client = await session.connect();
  try {
    await client.query(sql);
  } finally {
    client.release();
  }
}

/**
 * A concurrent index build lets reads and writes go on, so its waiting harms nobody: no lock
 * timeout, which would only leave an invalid index behind whenever a transaction is long.
 */
async function runBare(session: pg.Pool, file: MigrationFile): Promise<void> {
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
    // The session is ours to end, after the lock is no longer needed.
    dispose: () => Promise.resolve(),
  };
}
