import { PrismaPg } from '@prisma/adapter-pg';
import { createBoundedQueue, QueueFullError } from '../lib/bounded-queue.ts';
import { DatabaseError, mapDatabaseError } from './error-map.ts';
import { type Prisma, PrismaClient } from './generated/client.ts';
import { type PoolSettings, ScopedPool, type StatementObserver } from './pool.ts';
import { createRawReader, type RawReader } from './raw-reader.ts';
import { noScope, runInScope, type Scope } from './scope.ts';
import { nameStatement } from './statement-name.ts';
import type { StatementWatch } from './statement-watch.ts';
import { watchAdapter } from './watched-adapter.ts';

/** The client of queries.ts files, the same inside and outside a transaction. */
export type Db = Prisma.TransactionClient;

export type PoolStat = { size: number; idle: number; waiting: number; max: number };

/** The only access to the data: every call names the scope it runs in. */
export type Database = {
  /** Runs independent, read-only statements. Throws DatabaseError. */
  read<T>(scope: Scope, work: (db: Db) => Promise<T>): Promise<T>;
  /** Reads without scope and Prisma (raw-reader.ts), for statements that createBatcher merges. Throws DatabaseError. */
  ask<T>(work: (db: RawReader) => Promise<T>): Promise<T>;
  /**
   * Runs one statement that changes data. Does not wait for its invalidation (invalidation.ts), so a change of a cached
   * credential belongs in `transaction`. Throws DatabaseError.
   */
  write<T>(scope: Scope, work: (db: Db) => Promise<T>): Promise<T>;
  /** Runs `work` in one transaction; its BEGIN also enters the scope (pool.ts). Throws DatabaseError. */
  transaction<T>(scope: Scope, work: (tx: Db) => Promise<T>): Promise<T>;
  poolStat(): PoolStat;
  /** Replaces each open connection before its next use. */
  renewConnections(): void;
  close(): Promise<void>;
};

/** Longest total duration of a transaction. */
const transactionMsMax = 5_000;

/**
 * Opens the bounded pool and Prisma on top of it; connections are opened when first needed. `observe` is called for
 * statements outside transactions, `watch` at the start and end of every statement.
 */
export function createDatabase(
  settings: PoolSettings,
  observe?: StatementObserver,
  watch?: StatementWatch,
): Database {
  const pool = new ScopedPool(settings, observe);
  const adapter = new PrismaPg(pool, { statementNameGenerator: ({ sql }) => nameStatement(sql) });
  const prisma = new PrismaClient({ adapter: watch ? watchAdapter(adapter, watch) : adapter });
  const rawReader = createRawReader(pool, watch);
  const transactionLimits = {
    // Time to get a connection and enter the scope on it, each of which times out by itself before.
    maxWait: settings.acquireTimeoutMs + settings.statementTimeoutMs,
    timeout: transactionMsMax,
  };
  const writeQueue = createBoundedQueue({
    concurrency: getWritesMax(settings.poolSize),
    maxQueued: Number.POSITIVE_INFINITY,
    waitMsMax: settings.acquireTimeoutMs,
  });
  return {
    read: (scope, work) => guard(() => runInScope(scope, async () => await work(prisma))),
    ask: (work) => guard(() => runInScope(noScope, () => work(rawReader))),
    write: (scope, work) =>
      guard(() => writeQueue.run(() => runInScope(scope, async () => await work(prisma)))),
    transaction: (scope, work) =>
      guard(() =>
        writeQueue.run(() => runInScope(scope, () => prisma.$transaction(work, transactionLimits))),
      ),
    poolStat: () => ({
      size: pool.totalCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount + writeQueue.stats().queued,
      max: settings.poolSize,
    }),
    renewConnections: () => pool.renew(),
    close: async () => {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

/**
 * Writes wait for locks and for the disk while holding a connection. A quarter of the pool, rounded down, is reserved
 * for reads, so the check of sessions and keys goes on.
 */
function getWritesMax(poolSize: number): number {
  return poolSize - Math.floor(poolSize / 4);
}

async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof QueueFullError) throw new DatabaseError('unavailable', null, error);
    throw mapDatabaseError(error);
  }
}
