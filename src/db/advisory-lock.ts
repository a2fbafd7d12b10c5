import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { announceWaitAfterMs, type Log } from '../lib/log.ts';

/**
 * The keys of this program's advisory locks, held on connections that do not pass a pooler.
 * Housekeeping uses another key, 7201874035, within its transaction (try_housekeeping()).
 */
const keys = {
  /** Prisma's own, which `prisma migrate deploy` takes as well. Prisma's engine does not wait for it if we hold it. */
  migrations: 72_707_369,
  /** Two `alter role` at once fail with "tuple concurrently updated". */
  'serving login': 7_201_874_033,
  'demo data': 7_201_874_036,
  'user import': 7_201_874_037,
  'bulk seed': 7_201_874_038,
} as const;

export type AdvisoryLock = keyof typeof keys;

/** Runs a statement on the connection that is to hold the lock, and returns its rows. */
export type RunSql = <Row extends object>(sql: string, values: unknown[]) => Promise<Row[]>;

export type LockOptions = {
  log: Log;
  /** When it is released: when the connection closes, or when the open transaction ends. */
  until?: 'disconnect' | 'commit';
  /** In ms since the epoch; waits without limit if left out. */
  deadline?: number;
};

/** Statements of a client, or of a pool of one connection. */
export function runOn(client: pg.ClientBase | pg.Pool): RunSql {
  return async <Row extends object>(sql: string, values: unknown[]) =>
    (await client.query<Row>(sql, values)).rows;
}

/**
 * Takes a lock; returns false if the deadline passes first. Polls, because a session that waits inside PostgreSQL
 * holds a snapshot, and a concurrent index build waits for that: a deadlock. A wait of 2 s is logged once, with the
 * sessions that hold the lock.
 */
export async function takeAdvisoryLock(
  run: RunSql,
  lock: AdvisoryLock,
  { log, until = 'disconnect', deadline = Number.POSITIVE_INFINITY }: LockOptions,
): Promise<boolean> {
  const key = keys[lock];
  const attempt = until === 'commit' ? 'pg_try_advisory_xact_lock' : 'pg_try_advisory_lock';
  const began = performance.now();
  let isLogged = false;
  for (;;) {
    const rows = await run<{ isTaken: boolean }>(`select ${attempt}($1) as "isTaken"`, [key]);
    if (rows[0]?.isTaken) return true;
    if (Date.now() > deadline) return false;
    if (!isLogged && performance.now() - began >= announceWaitAfterMs) {
      isLogged = true;
      log.warn({ lock, heldBy: await listHolders(run, key) }, 'waiting for a lock');
    }
    await sleep(50 + Math.random() * 100);
  }
}

/** Sessions as "name (pid)". The halves of the key are in two columns of pg_locks. */
async function listHolders(run: RunSql, key: number): Promise<string[]> {
  const rows = await run<{ holder: string }>(
    `select coalesce(nullif(a.application_name, ''), 'unnamed') || ' (pid ' || l.pid || ')' as holder
     from pg_locks l left join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.granted and l.objsubid = 1
       and l.database = (select oid from pg_database where datname = current_database())
       and l.classid::bigint << 32 | l.objid::bigint = $1`,
    [key],
  );
  return rows.map(({ holder }) => holder);
}
