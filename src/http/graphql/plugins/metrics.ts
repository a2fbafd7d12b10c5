import { isPromise, type Plugin } from 'graphql-yoga';
import type { Metrics } from '../../../observability/metrics.ts';
import { describeOperation } from '../operation-name.ts';

/**
 * Times executions by root field, since clients may invent any number of operation names. Failed, late and rejected
 * executions count too.
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
