import { PrismaPg } from '@prisma/adapter-pg';
import { createBoundedQueue, QueueFullError } from '../lib/bounded-queue.ts';
import { DatabaseFault, mapDatabaseError } from './error-map.ts';
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

/** The only way to the data: every access names the scope it runs in. */
export type Database = {
  /** Runs statements that stand each for itself and change nothing. Throws DatabaseFault. */
  read<T>(scope: Scope, work: (db: Db) => Promise<T>): Promise<T>;
  /** Reads in no scope and without Prisma (raw-reader.ts): for what createBatcher merges alone. Throws DatabaseFault. */
  ask<T>(work: (db: RawReader) => Promise<T>): Promise<T>;
  /**
   * Runs one statement that changes something, whole or not at all. Does not wait until this process has heard of the
   * change (changes.ts), so what alters a remembered credential belongs in `transaction`. Throws DatabaseFault.
   */
  write<T>(scope: Scope, work: (db: Db) => Promise<T>): Promise<T>;
  /** Runs all statements of `work` or none; the scope is entered with its BEGIN (pool.ts). Throws DatabaseFault. */
  transaction<T>(scope: Scope, work: (tx: Db) => Promise<T>): Promise<T>;
  poolStat(): PoolStat;
  /** Has each connection that is open now replaced before its next use. */
  renewConnections(): void;
  close(): Promise<void>;
};

/** How long the statements of a transaction may take in all. */
const transactionMsMax = 5_000;

/**
 * Opens the bounded pool and Prisma on top of it; connections are made when first needed. `observe` sees
 * what is sent outside transactions, `watch` the beginning and the end of whatever is asked for.
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
    // A connection, and the scope that is entered on it; what takes too long says so itself before.
    maxWait: settings.acquireTimeoutMs + settings.statementTimeoutMs,
    timeout: transactionMsMax,
  };
  const changeQueue = createBoundedQueue({
    concurrency: getChangesMax(settings.poolSize),
    maxQueued: Number.POSITIVE_INFINITY,
    waitMsMax: settings.acquireTimeoutMs,
  });
  return {
    read: (scope, work) => guard(() => runInScope(scope, async () => await work(prisma))),
    ask: (work) => guard(() => runInScope(noScope, () => work(rawReader))),
    write: (scope, work) =>
      guard(() => changeQueue.run(() => runInScope(scope, async () => await work(prisma)))),
    transaction: (scope, work) =>
      guard(() =>
        changeQueue.run(() =>
          runInScope(scope, () => prisma.$transaction(work, transactionLimits)),
        ),
      ),
    poolStat: () => ({
      size: pool.totalCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount + changeQueue.stats().queued,
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
 * Changes wait for each other's locks and for the disk, each holding a connection. A quarter, rounded down, is never
 * theirs, so that reading goes on meanwhile, and with it the check of every session and key.
 */
function getChangesMax(poolSize: number): number {
  return poolSize - Math.floor(poolSize / 4);
}

async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof QueueFullError) throw new DatabaseFault('unavailable', null, error);
    throw mapDatabaseError(error);
  }
}
