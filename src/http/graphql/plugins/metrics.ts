import { isPromise, type Plugin } from 'graphql-yoga';
import type { Metrics } from '../../../observability/metrics.ts';
import { describeOperation } from '../operation-name.ts';

/**
 * Times what is executed, by its root field: names of operations are the client's, and it may make up any
 * number of them. What fails, takes too long or is too much for the sizes in its variables is timed like the rest.
 */
export function useMetrics({ observeOperation }: Pick<Metrics, 'observeOperation'>): Plugin {
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const { label } = describeOperation(args);
      setExecuteFn((executionArgs) => {
        const began = performance.now();
        const observe = () => observeOperation(label, (performance.now() - began) / 1_000);
        const result = executeFn(executionArgs);
        if (isPromise(result)) result.then(observe, observe);
        else observe();
        return result;
      });
    },
  };
}
