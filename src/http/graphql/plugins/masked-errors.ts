import { isAsyncIterable, mapAsyncIterator, type Plugin } from 'graphql-yoga';
import type { ServerContext } from '../../exchange.ts';
import type { MaskErrors } from '../errors.ts';

/** Applies the masking of errors to what Yoga itself answers; the fast way calls it directly. */
export function useMaskedErrors(maskErrors: MaskErrors): Plugin<object, ServerContext> {
  return {
    onResultProcess({ result, setResult, serverContext }) {
      const { request } = serverContext.exchange;
      // Batching is off, so a result is one operation's, whole or in parts.
      if (Array.isArray(result)) throw new Error('Batched results are not masked.');
      if (isAsyncIterable(result)) {
        setResult(mapAsyncIterator(result, (part) => maskErrors(part, request)));
      } else {
        setResult(maskErrors(result, request));
      }
    },
  };
}
