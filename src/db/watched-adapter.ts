import type { SqlDriverAdapterFactory, SqlQueryable } from '@prisma/driver-adapter-utils';
import { reportStatement, type StatementWatch } from './statement-watch.ts';

/**
 * Reports each statement of the adapter to `watch`, in or outside a transaction, including the wait for a connection,
 * and in the asynchronous context of the caller. The enter_scope() that is sent with a statement is not reported.
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
            await reportStatement(watch, 'begin', () => startTransaction(...args)),
            watch,
          ),
      });
    },
  };
}

/** Modifies the object, which belongs to this adapter; its other methods stay. */
function watchStatements<T extends SqlQueryable>(queryable: T, watch: StatementWatch): T {
  const queryRaw = queryable.queryRaw.bind(queryable);
  const executeRaw = queryable.executeRaw.bind(queryable);
  const watched: Pick<SqlQueryable, 'queryRaw' | 'executeRaw'> = {
    queryRaw: (query) => reportStatement(watch, query.sql, () => queryRaw(query)),
    executeRaw: (query) => reportStatement(watch, query.sql, () => executeRaw(query)),
  };
  return Object.assign(queryable, watched);
}
