import type { ExecutionArgs } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { ServerContext } from '../../exchange.ts';
import { describeOperation } from '../operation-name.ts';

/** Notes which operation a request came with, once its document is known to be good. */
export function useOperationTelemetry(): Plugin {
  const note = (args: ExecutionArgs) => {
    const { exchange } = args.contextValue as ServerContext;
    exchange.request.telemetry.operation = describeOperation(args);
  };
  return {
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((args) => {
        note(args);
        return executeFn(args);
      });
    },
    onSubscribe: ({ args }) => note(args),
  };
}
