import type pg from 'pg';
import { type Log, silentLog } from '../lib/log.ts';
import { type AdvisoryLock, runOn, takeAdvisoryLock } from './advisory-lock.ts';
import { openOwnerClient } from './connection/owner-client.ts';
import { type CopyRow, copyRows } from './copy.ts';
import { definerRoleSql } from './roles.ts';
import { readOnly } from './session-settings.ts';

/** One connection that can read and change every row: for commands, never for requests. */
export type Operator = {
  /** Runs one statement and returns its rows. */
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Waits until the lock is free; a long wait is logged (advisory-lock.ts). */
  takeLock(lock: AdvisoryLock, until: 'disconnect' | 'commit'): Promise<void>;
  /** Runs `work` in one transaction. */
  transaction<T>(work: () => Promise<T>): Promise<T>;
  /** Streams rows into a temporary table, since COPY cannot write to tables with row security (copy.ts). */
  copy(target: string, rows: Iterable<CopyRow>): Promise<void>;
  /** Runs statements as the owner itself, such as `analyze`; row security then hides all rows. */
  asOwner(statements: readonly string[]): Promise<void>;
};

/**
 * Row security is forced on the owner too. The definer's policies let it see every row, and every owner can assume
 * that role (decision 039).
 */
const assumeDefiner = `select set_config('role', ${definerRoleSql}, false)`;

/**
 * Runs `work` with the operator's connection, and closes it afterwards. Works for superusers and other owners alike.
 * With `isReadOnly` a statement that writes fails; `log` gets waits for locks. Throws what the database throws.
 */
export async function withOperator<T>(
  ownerUrl: string,
  work: (operator: Operator) => Promise<T>,
  { isReadOnly = false, log = silentLog }: { isReadOnly?: boolean; log?: Log } = {},
): Promise<T> {
  const settings = isReadOnly ? readOnly : {};
  const client = await openOwnerClient(ownerUrl, 'tenantry-operator', settings);
  try {
    await client.query(assumeDefiner);
    return await work(createOperator(client, log));
  } finally {
    await client.end();
  }
}

function createOperator(client: pg.Client, log: Log): Operator {
  return {
    async takeLock(lock, until) {
      await takeAdvisoryLock(runOn(client), lock, { log, until });
    },
    async query<Row extends object>(sql: string, values: readonly unknown[] = []) {
      const { rows } = await client.query<Row>(sql, [...values]);
      return rows;
    },
    transaction: (work) => runInTransaction(client, work),
    copy: (target, rows) => copyRows(client, target, rows),
    async asOwner(statements) {
      await client.query('reset role');
      try {
        for (const statement of statements) await client.query(statement);
      } finally {
        await client.query(assumeDefiner);
      }
    },
  };
}

async function runInTransaction<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    // A lost connection was rolled back by the server, and the original error says more.
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}
