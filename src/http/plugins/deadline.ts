import { isPromise, type Plugin } from 'graphql-yoga';
import { UnavailableError } from '../../core/app-error.ts';
import type { Departure } from '../departure.ts';
import type { ServerContext } from '../exchange.ts';

/**
 * Ends operations that are still running `timeoutMs` after work on their request began, of which finding out
 * who asks is a part: they are answered as unavailable at once, no further field is resolved, and whoever
 * listens to the caller's departure hears of it. What a resolver has sent to the database ends there by the
 * database's own time-outs.
 */
export function useDeadline(timeoutMs: number): Plugin<ServerContext> {
  const settleInTime = <T>(work: PromiseLike<T>, { exchange }: ServerContext): Promise<T> => {
    const restMs = exchange.beganAt + timeoutMs - performance.now();
    return settleWithin(restMs, work, exchange.getDeparture());
  };
  return {
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((args) => {
        const result = executeFn(args);
        return isPromise(result) ? settleInTime(result, args.contextValue) : result;
      });
    },
    // A stream may take as long as it likes once it has begun.
    onSubscribe({ subscribeFn, setSubscribeFn }) {
      setSubscribeFn((args) => {
        const result = subscribeFn(args);
        return isPromise(result) ? settleInTime(result, args.contextValue) : result;
      });
    },
  };
}

/** Raises UnavailableError if the work takes longer. */
function settleWithin<T>(restMs: number, work: PromiseLike<T>, departure: Departure): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const error = new UnavailableError(
        'The operation took too long. What it had begun to change may be changed.',
      );
      // First, so that the answer is this error, whatever the work makes of its end.
      reject(error);
      departure.abort(error);
    }, restMs);
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
