import type { ExecutionArgs } from 'graphql';
import { isPromise, type Plugin } from 'graphql-yoga';
import { UnavailableError } from '../../../core/app-error.ts';
import type { ClientDisconnect } from '../../client-disconnect.ts';
import type { ServerContext } from '../../exchange.ts';

/**
 * Ends operations that are still running `timeoutMs` after work on their request began, of which finding out
 * who asks is a part: they are answered as unavailable at once, no further field is resolved, and anyone who
 * listens to the caller's disconnect hears of it. What a resolver has sent to the database ends there by the
 * database's own time-outs. Where no time is left, nothing is begun.
 */
export function useDeadline(timeoutMs: number): Plugin<ServerContext> {
  const inTime = (work: Work): Work => {
    return (args) => {
      const { exchange } = args.contextValue as ServerContext;
      const remainingMs = exchange.beganAt + timeoutMs - performance.now();
      if (remainingMs <= 0) return Promise.reject(createTooLate('Nothing was done.'));
      const result = work(args);
      return isPromise(result)
        ? settleWithin(remainingMs, result, exchange.getDisconnect())
        : result;
    };
  };
  return {
    onExecute: ({ executeFn, setExecuteFn }) => setExecuteFn(inTime(executeFn)),
    // A stream may take as long as it likes once it has begun.
    onSubscribe: ({ subscribeFn, setSubscribeFn }) => setSubscribeFn(inTime(subscribeFn)),
  };
}

/** How an operation is executed, or a stream begun; Yoga types their results as anything. */
// biome-ignore lint/suspicious/noExplicitAny: see above.
type Work = (args: ExecutionArgs) => any;

function createTooLate(outcome: string): UnavailableError {
  return new UnavailableError(`The operation took too long. ${outcome}`);
}

/** Throws UnavailableError if the work takes longer. */
function settleWithin<T>(
  remainingMs: number,
  work: PromiseLike<T>,
  disconnect: ClientDisconnect,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const error = createTooLate('Changes it had started may or may not be saved.');
      // First, so that the answer is this error, whatever the work makes of its end.
      reject(error);
      disconnect.abort(error);
    }, remainingMs);
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
