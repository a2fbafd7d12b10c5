import { Prisma } from './generated/client.ts';
import type { ScopedPool } from './pool.ts';
import { nameStatement } from './statement-name.ts';
import { reportStatement, type StatementWatch } from './statement-watch.ts';

/** Runs raw statements: Prisma, in or outside a transaction, or pg without Prisma. */
export type RawReader = {
  $queryRaw<T>(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]): Promise<T>;
};

/**
 * Sends a Prisma.sql statement with pg alone, because Prisma's engine converts statement and result once more
 * (docs/decisions/037). pg reads text, json, uuid, boolean, integer, double precision, timestamptz, bytea and arrays
 * of them as Prisma does, but not other types such as bigint and numeric.
 */
export function createRawReader(pool: ScopedPool, watch?: StatementWatch): RawReader {
  return {
    async $queryRaw<T>(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]): Promise<T> {
      const sql = query instanceof Prisma.Sql ? query : Prisma.sql(query, ...values);
      const { text } = sql;
      const send = () => pool.query({ name: nameStatement(text), text, values: sql.values });
      const { rows } = await (watch ? reportStatement(watch, text, send) : send());
      return rows as T;
    },
  };
}
