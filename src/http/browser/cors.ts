import type { IncomingMessage } from 'node:http';
import { sessionHeader } from './cookies.ts';
import type { OriginList } from './origins.ts';

const preflightMaxAgeSeconds = 600;

/**
 * A header that means nothing but itself: a page of another site cannot send it unless a preflight
 * allowed it. GraphQL.NET and others know it by the same name.
 */
export const preflightHeader = 'graphql-require-preflight';

/** Each proves, whatever its value, that the request is not another site's. */
export const csrfHeaders = [
  'x-tenantry-csrf',
  preflightHeader,
  sessionHeader,
  'apollo-require-preflight',
  'x-apollo-operation-name',
];

/** Headers that clients and their tracing add by themselves; the server needs none of them. */
const clientHeaders = [
  'apollographql-client-name',
  'apollographql-client-version',
  'apollographql-library-name',
  'apollographql-library-version',
  'x-apollo-operation-id',
  'x-apollo-operation-type',
  'traceparent',
  'tracestate',
  'baggage',
  'sentry-trace',
];

export type CorsOptions = {
  corsOrigins: OriginList;
  /** Browsers may send the session cookie along. */
  sessionCookies: boolean;
};

/**
 * The CORS headers of an answer. Only an origin of the list is allowed, and with credentials only where sessions may be kept in a cookie: other tokens travel in
 * a header the page sets itself. An empty list means no CORS at all, and then the answers do not
 * vary.
 */
export function getCorsHeaders(
  req: IncomingMessage,
  { corsOrigins, sessionCookies }: CorsOptions,
): Record<string, string> {
  if (corsOrigins.isEmpty) return {};
  const { origin } = req.headers;
  if (!corsOrigins.includes(origin)) return { vary: 'Origin' };
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    ...(sessionCookies ? { 'access-control-allow-credentials': 'true' } : {}),
    'access-control-expose-headers': 'x-request-id, retry-after',
  };
}

/** Headers of a preflight response; without an allowed origin the browser ignores them. */
export function getPreflightHeaders(isOriginAllowed: boolean): Record<string, string> {
  if (!isOriginAllowed) return {};
  const own = ['authorization', 'content-type', 'x-request-id'];
  const headers = [...own, ...csrfHeaders, ...clientHeaders];
  return {
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': headers.join(', '),
    'access-control-max-age': String(preflightMaxAgeSeconds),
  };
}
