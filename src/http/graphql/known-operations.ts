import type { DocumentNode, ExecutionArgs, ExecutionResult, GraphQLSchema } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { createDocumentCache } from './document-cache.ts';

/** An operation that the engine has let through, and how it executes one. */
export type KnownOperation = {
  schema: GraphQLSchema;
  document: DocumentNode;
  operationName: string | null | undefined;
  /** With all that the plugins put around it. */
  execute: (args: ExecutionArgs) => Promise<ExecutionResult> | ExecutionResult;
};

/** The work of the engine that need not be repeated for a known operation. */
export type KnownOperations = {
  /** Belongs behind all plugins that take part in executing: it keeps what they have made. */
  plugin: Plugin;
  /** Null for what the engine has to judge: what is new, and parameters that are not plain. */
  find(params: GraphQLParams): KnownOperation | null;
};

/**
 * Remembers queries and mutations as they are about to be executed: their document was read, limited and
 * validated then, and every plugin has put around the executor what it wants to do for each request. What
 * depends on the request has its place there, because the next time only that is run.
 */
export function createKnownOperations(): KnownOperations {
  const known = createDocumentCache<KnownOperation>();
  return {
    plugin: {
      onExecute({ args, executeFn }) {
        const { schema, document, operationName } = args;
        const params: GraphQLParams = args.contextValue.params;
        if (!isPlain(params)) return;
        known.set(toName(params), { schema, document, operationName, execute: executeFn });
      },
    },
    find: (params) => (isPlain(params) ? (known.get(toName(params)) ?? null) : null),
  };
}

type PlainParams = { query: string; operationName?: string | null };

/** Whether there is nothing about the parameters that might have to be refused. */
function isPlain(params: GraphQLParams): params is GraphQLParams & PlainParams {
  for (const name in params) {
    if (name !== 'query' && name !== 'operationName' && name !== 'variables') return false;
  }
  const { query, operationName, variables } = params;
  return (
    typeof query === 'string' &&
    !query.includes('\0') &&
    (operationName == null || typeof operationName === 'string') &&
    (variables == null || (typeof variables === 'object' && !Array.isArray(variables)))
  );
}

/** No plain document holds a NUL, so no two operations share a name. */
function toName({ query, operationName }: PlainParams): string {
  return operationName == null ? query : `${operationName}\0${query}`;
}
