import type { IncomingHttpHeaders } from 'node:http';
import type { Exchange } from '../exchange.ts';
import { isJsonContentType } from '../graphql/request-params.ts';
import { createHttpError } from '../http-error.ts';
import { sessionHeader, sessionHeaderValue } from './cookies.ts';
import { csrfHeaders } from './cors.ts';
import type { OriginList } from './origins.ts';

/** The scheme of the public address is not known; browsers send the cookie over these only. */
export const loopbackHost = /^((.+\.)?localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/;

/**
 * Refuses requests to which a browser may have added the session cookie without the user meaning
 * it; all others, such as those with a bearer token, pass. Three locks, each enough by itself for a
 * browser that knows it: `SameSite` on the cookie, `Sec-Fetch-Site` and `Origin`, and for a POST a
 * header that other sites cannot set. A GET needs no header of its own because it runs queries
 * only and its answer is readable to listed origins only. Throws an error, 403, or 400 for an
 * `x-tenantry-session` that cannot be granted.
 */
export function verifyCsrf(exchange: Exchange, origins: OriginList): void {
  const { req, sessionKeeper } = exchange;
  const { headers } = req;
  const asked = headers[sessionHeader];
  if (asked !== undefined && (asked !== sessionHeaderValue || sessionKeeper === null)) {
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
 * Whether a GET cannot come from a link, an image or a script of just any page: it has a header that only a preflight
 * allows (the media type of JSON is one, and Apollo Client sends it with GET too), or the browser names a page that
 * may call the API.
 */
export function isCsrfSafeGet(headers: IncomingHttpHeaders, origins: OriginList): boolean {
  return (
    csrfHeaders.some((name) => headers[name] !== undefined) ||
    isJsonContentType(headers['content-type']) ||
    headers['sec-fetch-site'] === 'same-origin' ||
    isTrusted(headers, origins)
  );
}

/** Without a query string a GET can only be for the page of GraphiQL, which nobody signs in for. */
function isPageRequest({ req }: Exchange): boolean {
  return req.method === 'GET' && !req.url?.includes('?');
}

/** An origin in the list, or the one this very request was sent to. */
function isTrusted(headers: IncomingHttpHeaders, origins: OriginList): boolean {
  return origins.includes(headers.origin) || isOwnOrigin(headers);
}

/** Whether the page that asks was served from the very host that this request was sent to. */
export function isOwnOrigin({ origin, host }: IncomingHttpHeaders): boolean {
  if (origin === undefined || host === undefined) return false;
  return origin === `https://${host}` || (origin === `http://${host}` && loopbackHost.test(host));
}

/**
 * The browser says that another site asks: by an origin that is not trusted, or by fetch metadata.
 * "none" means the user, by the address bar; no header at all an old browser or no browser.
 */
function isCrossSite(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  return headers.origin !== undefined || (site !== undefined && site !== 'none');
}
