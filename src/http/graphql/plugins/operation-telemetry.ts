import type { ExecutionArgs } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { ServerContext } from '../../exchange.ts';
import { describeOperation } from '../operation-name.ts';

/** Records the operation of a request once its document is validated. */
export function useOperationTelemetry(): Plugin {
  const record = (args: ExecutionArgs) => {
    const { exchange } = args.contextValue as ServerContext;
    exchange.request.telemetry.operation = describeOperation(args);
  };
  return {
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((args) => {
        record(args);
        return executeFn(args);
      });
    },
    onSubscribe: ({ args }) => record(args),
  };
}
