import { Prisma } from './generated/client.ts';
import type { ScopedPool } from './pool.ts';
import { nameStatement } from './statement-name.ts';
import { type StatementWatch, tellStatement } from './statement-watch.ts';

/** Sends raw statements: Prisma, in or outside a transaction, or pg without it. */
export type RawReader = {
  $queryRaw<T>(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]): Promise<T>;
};

/**
 * Sends by pg alone what Prisma.sql has put together: Prisma's engine takes question and answer through a protocol of
 * its own (docs/decisions/037). pg reads text, json, uuid, boolean, integer, double precision, timestamptz, bytea and
 * lists of them as Prisma does; other types, such as bigint and numeric, it does not.
 */
export function createRawReader(pool: ScopedPool, watch?: StatementWatch): RawReader {
  return {
    async $queryRaw<T>(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]): Promise<T> {
      const sql = query instanceof Prisma.Sql ? query : Prisma.sql(query, ...values);
      const { text } = sql;
      const send = () => pool.query({ name: nameStatement(text), text, values: sql.values });
      const { rows } = await (watch ? tellStatement(watch, text, send) : send());
      return rows as T;
    },
  };
}
