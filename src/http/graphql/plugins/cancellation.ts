import type { Plugin } from 'graphql-yoga';
import type { ServerContext } from '../../exchange.ts';

/**
 * Stops an operation when its client disconnects: no further field is resolved. A running resolver continues unless
 * it listens to the signal.
 */
export function useCancellation(): Plugin<ServerContext> {
  return {
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((args) => {
        const signal = args.contextValue.exchange.getDisconnect();
        return executeFn(Object.assign(args, { signal }));
      });
    },
    onSubscribe({ args }) {
      Object.assign(args, { signal: args.contextValue.exchange.getDisconnect() });
    },
  };
}
