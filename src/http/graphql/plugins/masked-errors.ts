import { isAsyncIterable, mapAsyncIterator, type Plugin } from 'graphql-yoga';
import type { ServerContext } from '../../exchange.ts';
import type { MaskErrors } from '../errors.ts';

/** Masks the errors of results on Yoga's path; the fast path calls `maskErrors` directly. */
export function useMaskedErrors(maskErrors: MaskErrors): Plugin<object, ServerContext> {
  return {
    onResultProcess({ result, setResult, serverContext }) {
      const { request } = serverContext.exchange;
      // Without batching a result belongs to one operation, whole or in parts.
      if (Array.isArray(result)) throw new Error('Batched results are not masked.');
      if (isAsyncIterable(result)) {
        setResult(mapAsyncIterator(result, (part) => maskErrors(part, request)));
      } else {
        setResult(maskErrors(result, request));
      }
    },
  };
}
