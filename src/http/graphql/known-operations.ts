import type { DocumentNode, ExecutionArgs, ExecutionResult, GraphQLSchema } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { createDocumentCache } from './document-cache.ts';

/** An operation that the engine has validated, and how to execute it. */
export type KnownOperation = {
  schema: GraphQLSchema;
  document: DocumentNode;
  operationName: string | null | undefined;
  /** Includes the wrappers of all plugins. */
  execute: (args: ExecutionArgs) => Promise<ExecutionResult> | ExecutionResult;
};

/** A cache of validated operations, so that the engine's work is not repeated. */
export type KnownOperations = {
  /** Must be the last plugin with `onExecute`: it stores the executor with their wrappers. */
  plugin: Plugin;
  /** Null for a new operation and for parameters that the engine must check. */
  find(params: GraphQLParams): KnownOperation | null;
};

/**
 * Stores queries and mutations just before their execution: the document is parsed, limited and validated, and
 * every plugin has wrapped the executor. The next time only the wrapped executor runs, so per-request work of
 * plugins belongs in those wrappers.
 */
export function createKnownOperations(): KnownOperations {
  const known = createDocumentCache<KnownOperation>();
  return {
    plugin: {
      onExecute({ args, executeFn }) {
        const { schema, document, operationName } = args;
        const params: GraphQLParams = args.contextValue.params;
        if (!isPlain(params)) return;
        known.set(toKey(params), { schema, document, operationName, execute: executeFn });
      },
    },
    find: (params) => (isPlain(params) ? (known.get(toKey(params)) ?? null) : null),
  };
}

type PlainParams = { query: string; operationName?: string | null };

/** Whether the parameters need no check by the engine. */
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

/** Documents here have no NUL, so keys are unique. */
function toKey({ query, operationName }: PlainParams): string {
  return operationName == null ? query : `${operationName}\0${query}`;
}
