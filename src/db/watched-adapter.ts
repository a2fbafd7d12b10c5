import type { SqlDriverAdapterFactory, SqlQueryable } from '@prisma/driver-adapter-utils';
import { type StatementWatch, tellStatement } from './statement-watch.ts';

/**
 * The adapter, telling of each statement as Prisma asks for it: in a transaction or not, waiting for a
 * connection included, and in the asynchronous context of anyone who asked. What rides along with a statement
 * (enter_scope) is not notified of.
 */
export function watchAdapter(
  factory: SqlDriverAdapterFactory,
  watch: StatementWatch,
): SqlDriverAdapterFactory {
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    async connect() {
      const adapter = watchStatements(await factory.connect(), watch);
      const startTransaction = adapter.startTransaction.bind(adapter);
      return Object.assign(adapter, {
        startTransaction: async (...args: Parameters<typeof startTransaction>) =>
          watchStatements(
            await tellStatement(watch, 'begin', () => startTransaction(...args)),
            watch,
          ),
      });
    },
  };
}

/** Changes the object itself, which has just been made for us: what else it can do stays. */
function watchStatements<T extends SqlQueryable>(queryable: T, watch: StatementWatch): T {
  const queryRaw = queryable.queryRaw.bind(queryable);
  const executeRaw = queryable.executeRaw.bind(queryable);
  const watched: Pick<SqlQueryable, 'queryRaw' | 'executeRaw'> = {
    queryRaw: (query) => tellStatement(watch, query.sql, () => queryRaw(query)),
    executeRaw: (query) => tellStatement(watch, query.sql, () => executeRaw(query)),
  };
  return Object.assign(queryable, watched);
}
