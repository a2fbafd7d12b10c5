import type { IncomingMessage } from 'node:http';
import { sessionHeader } from './cookies.ts';
import type { OriginList } from './origins.ts';

const preflightMaxAgeSeconds = 600;

/**
 * A header without a meaning of its own: a page of another site can send it only after a preflight.
 * GraphQL.NET and others use the same name.
 */
export const preflightHeader = 'graphql-require-preflight';

/** Each of these headers, whatever its value, needs a preflight, so a site that CORS does not allow cannot send it. */
export const csrfHeaders = [
  'x-tenantry-csrf',
  preflightHeader,
  sessionHeader,
  'apollo-require-preflight',
  'x-apollo-operation-name',
];

/** Headers that clients and their tracing add by default; the server ignores them. */
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
 * The CORS headers of a response. Only a listed origin is allowed, and credentials only with session
 * cookies, because pages set other tokens in a header. An empty list disables CORS, and responses then
 * do not vary by origin.
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
