import type { Plugin } from 'graphql-yoga';
import { preflightHeader } from '../../browser/cors.ts';
import { isCsrfSafeGet } from '../../browser/csrf.ts';
import type { OriginList } from '../../browser/origins.ts';
import type { ServerContext } from '../../exchange.ts';
import { createHttpError } from '../../http-error.ts';
import { assertJsonBody, parseJsonBody, parseUrlParams } from '../request-params.ts';

/**
 * Replaces Yoga's parsers (query string, JSON, GraphQL text, forms, multipart) by those of the fast path: JSON only,
 * bounded in bytes, depth and number of values. Invalid JSON is the client's error.
 */
export function useRequestParams({
  hasGetGuard,
  corsOrigins,
}: {
  hasGetGuard: boolean;
  corsOrigins: OriginList;
}): Plugin<object, ServerContext> {
  const assertCsrfSafe = (headers: Headers) => {
    if (!hasGetGuard || isCsrfSafeGet(Object.fromEntries(headers), corsOrigins)) return;
    throw createHttpError(403, `Send the header ${preflightHeader} with GET, or use POST.`);
  };
  return {
    onRequestParse({ request, serverContext, setRequestParser }) {
      if (request.method === 'GET') {
        setRequestParser(({ url, headers }) => {
          // First: a client that learns that persisted queries are unsupported continues with POST.
          const params = parseUrlParams(url);
          assertCsrfSafe(headers);
          return params;
        });
      }
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
