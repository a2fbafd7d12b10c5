import pg from 'pg';
import { Prisma } from './generated/client.ts';
import type { ScopedPool } from './pool.ts';
import { nameStatement } from './statement-name.ts';
import { type StatementWatch, tellStatement } from './watched-adapter.ts';

/** What sends raw statements: Prisma itself, in or outside a transaction, or pg without it. */
export type RawReader = {
  /** Raises the error of whoever sends it. */
  $queryRaw<T>(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]): Promise<T>;
};

const { builtins, getTypeParser } = pg.types;

/** As Prisma reads them, where pg alone does otherwise: `bigint` would be text. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === builtins.INT8 && format !== 'binary' ? BigInt : getTypeParser(oid, format),
};

/**
 * Sends what Prisma.sql has put together by pg alone, in the scope it is called in. Prisma's engine takes what is asked
 * and what is answered through its own protocol, which costs more than pg and the wire together
 * (docs/decisions/037).
 */
export function createRawReader(pool: ScopedPool, watch?: StatementWatch): RawReader {
  return {
    async $queryRaw<T>(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]): Promise<T> {
      const sql = query instanceof Prisma.Sql ? query : Prisma.sql(query, ...values);
      const { text } = sql;
      const send = () => pool.query({ name: nameStatement(text), text, values: sql.values, types });
      const { rows } = await (watch ? tellStatement(watch, text, send) : send());
      return rows as T;
    },
  };
}
