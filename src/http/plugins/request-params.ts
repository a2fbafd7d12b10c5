import type { Plugin } from 'graphql-yoga';
import { preflightHeader } from '../cors.ts';
import type { ServerContext } from '../exchange.ts';
import { assertJsonBody, parseJsonBody, parseUrlParams } from '../operation-params.ts';
import { createRefusal } from '../refusal.ts';

/**
 * Replaces Yoga's parsers (query string, JSON, GraphQL text, forms, multipart) by those of the
 * fast way: JSON only, bounded in bytes, depth and number of values, and broken JSON is never
 * taken for a fault of ours.
 */
export function useRequestParams({
  hasGetGuard,
}: {
  hasGetGuard: boolean;
}): Plugin<object, ServerContext> {
  return {
    onRequestParse({ request, serverContext, setRequestParser }) {
      if (request.method === 'GET') {
        setRequestParser(({ url, headers }) => {
          if (hasGetGuard) assertPreflight(headers);
          return parseUrlParams(url);
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

/** Raises a refusal with status 403 for what a link or an image of any page could have asked. */
function assertPreflight(headers: Headers): void {
  if (!headers.has(preflightHeader)) {
    throw createRefusal(403, `Send the header ${preflightHeader} with GET, or use POST.`);
  }
}
