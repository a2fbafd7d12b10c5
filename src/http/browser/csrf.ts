import type { IncomingHttpHeaders } from 'node:http';
import type { Exchange } from '../exchange.ts';
import { isJsonContentType } from '../graphql/request-params.ts';
import { createHttpError } from '../http-error.ts';
import { sessionHeader, sessionHeaderValue } from './cookies.ts';
import { csrfHeaders } from './cors.ts';
import type { OriginList } from './origins.ts';

/** Hosts to which browsers send a Secure cookie without TLS. */
export const loopbackHost = /^((.+\.)?localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/;

/**
 * Rejects cross-site requests that carry the session cookie; all others, such as those with a bearer
 * token, pass. Three defences, each sufficient in a browser that supports it: `SameSite` on the cookie,
 * `Sec-Fetch-Site` and `Origin`, and for a POST a header that other sites cannot set. A GET needs no
 * such header: it runs queries only, and only listed origins can read its response.
 * @throws GraphQLError 403, or 400 for an unsupported `x-tenantry-session`
 */
export function verifyCsrf(exchange: Exchange, origins: OriginList): void {
  const { req, sessionKeeper } = exchange;
  const { headers } = req;
  const requested = headers[sessionHeader];
  if (requested !== undefined && (requested !== sessionHeaderValue || sessionKeeper === null)) {
    throw createHttpError(400, `The only value of ${sessionHeader} is ${sessionHeaderValue}.`);
  }
  if (sessionKeeper === null || isPageRequest(exchange)) return;
  if (headers['sec-fetch-site'] === 'same-origin' || isTrusted(headers, origins)) return;
  if (isCrossSite(headers)) {
    throw createHttpError(403, 'The session cookie is not accepted from this origin.');
  }
  const hasCsrfHeader = csrfHeaders.some((name) => headers[name] !== undefined);
  if (req.method !== 'GET' && !hasCsrfHeader) {
    throw createHttpError(403, `With the session cookie, also send the header ${csrfHeaders[0]}.`);
  }
}

/**
 * Whether a GET cannot be a link, image or script on another site: it has a header that needs a preflight
 * (`content-type: application/json` does, and Apollo Client sends it with GET too), or comes from an
 * allowed origin.
 */
export function isCsrfSafeGet(headers: IncomingHttpHeaders, origins: OriginList): boolean {
  return (
    csrfHeaders.some((name) => headers[name] !== undefined) ||
    isJsonContentType(headers['content-type']) ||
    headers['sec-fetch-site'] === 'same-origin' ||
    isTrusted(headers, origins)
  );
}

/** A GET without a query string requests GraphiQL, which is public. */
function isPageRequest({ req }: Exchange): boolean {
  return req.method === 'GET' && !req.url?.includes('?');
}

/** The origin is listed, or is the server's own. */
function isTrusted(headers: IncomingHttpHeaders, origins: OriginList): boolean {
  return origins.includes(headers.origin) || isOwnOrigin(headers);
}

/** Whether the page was served from the host that the request is sent to. */
export function isOwnOrigin({ origin, host }: IncomingHttpHeaders): boolean {
  if (origin === undefined || host === undefined) return false;
  return origin === `https://${host}` || (origin === `http://${host}` && loopbackHost.test(host));
}

/**
 * Whether the browser reports another site, by an untrusted origin or by fetch metadata. "none" means
 * the address bar; without either header it is an old browser, or none.
 */
function isCrossSite(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  return headers.origin !== undefined || (site !== undefined && site !== 'none');
}
