import type { Plugin } from 'graphql-yoga';
import type { Metrics } from '../../observability/metrics.ts';
import { describeOperation } from '../operation-name.ts';

/**
 * Times what is executed, by its root field: names of operations are the client's, and it may make up any
 * number of them.
 */
export function useMetrics({ observeOperation }: Pick<Metrics, 'observeOperation'>): Plugin {
  return {
    onExecute({ args }) {
      const { label } = describeOperation(args);
      const began = performance.now();
      return {
        onExecuteDone() {
          observeOperation(label, (performance.now() - began) / 1_000);
        },
      };
    },
  };
}
