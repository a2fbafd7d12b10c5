import type { Plugin } from 'graphql-yoga';
import type { ServerContext } from '../../exchange.ts';

/**
 * Stops an operation whose caller has gone: no further field is resolved. What a resolver has
 * begun runs on unless it listens to the disconnect itself.
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
