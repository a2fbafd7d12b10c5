import type { ExecutionArgs } from 'graphql';
import { isPromise, type Plugin } from 'graphql-yoga';
import { UnavailableError } from '../../../core/app-error.ts';
import type { ClientDisconnect } from '../../client-disconnect.ts';
import type { ServerContext } from '../../exchange.ts';

/**
 * Ends operations `timeoutMs` after work on their request began, authentication included: they return UNAVAILABLE,
 * no further field is resolved, and the disconnect signal aborts. Running statements end by the timeouts of the
 * database. An operation without time left is not started.
 */
export function useDeadline(timeoutMs: number): Plugin<ServerContext> {
  const withDeadline = (work: Work): Work => {
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
    onExecute: ({ executeFn, setExecuteFn }) => setExecuteFn(withDeadline(executeFn)),
    // Only opening a stream has a deadline.
    onSubscribe: ({ subscribeFn, setSubscribeFn }) => setSubscribeFn(withDeadline(subscribeFn)),
  };
}

/** Executes an operation or opens a stream. */
// biome-ignore lint/suspicious/noExplicitAny: Yoga types both results as any.
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
      // First, so that this error wins over the one that the abort causes.
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
