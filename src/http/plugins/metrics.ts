import { type ExecutionArgs, getOperationAST, Kind } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Metrics } from '../../observability/metrics.ts';

/**
 * Times what is executed, by its root field: names of operations are the client's, and it may make up any
 * number of them.
 */
export function useMetrics({ observeOperation }: Pick<Metrics, 'observeOperation'>): Plugin {
  return {
    onExecute({ args }) {
      const operation = describeOperation(args);
      const began = performance.now();
      return {
        onExecuteDone() {
          observeOperation(operation, (performance.now() - began) / 1_000);
        },
      };
    },
  };
}

/** Such as "query viewer"; of several root fields, "query several". The document was validated. */
function describeOperation({ document, operationName }: ExecutionArgs): string {
  const operation = getOperationAST(document, operationName);
  if (!operation) return 'unknown';
  const [first, ...others] = operation.selectionSet.selections;
  const isOne = first?.kind === Kind.FIELD && others.length === 0;
  return `${operation.operation} ${isOne ? first.name.value : 'several'}`;
}
