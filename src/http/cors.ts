import type { IncomingMessage } from 'node:http';

const preflightMaxAgeSeconds = 600;

/**
 * The CORS headers of an answer. Only an origin that stands in the list, letter for letter, is
 * allowed; nobody gets credentials, since tokens travel in a header the page sets itself. An empty
 * list means no CORS at all, and then the answers do not vary.
 */
export function getCorsHeaders(
  req: IncomingMessage,
  origins: readonly string[],
): Record<string, string> {
  if (origins.length === 0) return {};
  const { origin } = req.headers;
  if (origin === undefined || !origins.includes(origin)) return { vary: 'Origin' };
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'x-request-id, retry-after',
  };
}

/** What a preflight adds; without an allowed origin the browser ignores it. */
export function getPreflightHeaders(isOriginAllowed: boolean): Record<string, string> {
  if (!isOriginAllowed) return {};
  return {
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': 'authorization, content-type, x-request-id',
    'access-control-max-age': String(preflightMaxAgeSeconds),
  };
}
