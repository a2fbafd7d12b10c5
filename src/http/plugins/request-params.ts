import type { Plugin } from 'graphql-yoga';
import type { ServerContext } from '../exchange.ts';
import { assertJsonBody, parseJsonBody, parseUrlParams } from '../operation-params.ts';

/**
 * Replaces Yoga's parsers (query string, JSON, GraphQL text, forms, multipart) by those of the
 * fast way: JSON only, bounded in bytes, depth and number of values, and broken JSON is never
 * taken for a fault of ours.
 */
export function useRequestParams(): Plugin<object, ServerContext> {
  return {
    onRequestParse({ request, serverContext, setRequestParser }) {
      if (request.method === 'GET') setRequestParser(({ url }) => parseUrlParams(url));
      if (request.method !== 'POST') return;
      setRequestParser(async ({ headers }) => {
        assertJsonBody({
          contentType: headers.get('content-type'),
          contentEncoding: headers.get('content-encoding'),
        });
        return parseJsonBody(await serverContext.exchange.readBody());
      });
    },
  };
}
