import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SessionKeeper } from '../../core/context.ts';

/**
 * By its prefix browsers refuse the cookie unless it is Secure, for every path and for this host
 * alone: no other host, not even a subdomain, can plant one.
 */
export const sessionCookieName = '__Host-tenantry_session';

/** The header by which a request asks for its session in a cookie, and its one value. */
export const sessionHeader = 'x-tenantry-session';
export const sessionHeaderValue = 'cookie';

// Lax and not Strict, so that who follows a link to an application is still signed in there.
const attributes = 'Path=/; Secure; HttpOnly; SameSite=Lax';

/** How a request uses the session cookie. */
export type CookieUse = {
  /** The token in the cookie, unless there is none or an Authorization header goes before it. */
  cookieToken: string | null;
  /** Null for a caller that keeps its token itself. */
  sessionKeeper: SessionKeeper | null;
};

/** No cookie, and none wanted. */
export const noCookieUse: CookieUse = { cookieToken: null, sessionKeeper: null };

/**
 * The cookie is in use where the request comes with it, or asks for it by `x-tenantry-session`.
 * Coming with it is enough: a script that runs in the page can then never have the token shown.
 */
export function getCookieUse(req: IncomingMessage, res: ServerResponse): CookieUse {
  const isAsked = req.headers[sessionHeader] === sessionHeaderValue;
  const cookieToken = req.headers.authorization === undefined ? findToken(req) : null;
  if (!isAsked && cookieToken === null) return noCookieUse;
  return { cookieToken, sessionKeeper: createKeeper(res, cookieToken !== null) };
}

/** Written onto the response at once; both ways answer on it, whatever the operation comes to. */
function createKeeper(res: ServerResponse, isHolding: boolean): SessionKeeper {
  const setCookie = (token: string, maxAgeSeconds: number) => {
    res.setHeader(
      'set-cookie',
      `${sessionCookieName}=${token}; ${attributes}; Max-Age=${maxAgeSeconds}`,
    );
  };
  return {
    isHolding,
    keep: setCookie,
    forget: () => {
      if (isHolding) setCookie('', 0);
    },
  };
}

function findToken({ headers }: IncomingMessage): string | null {
  if (!headers.cookie?.includes(sessionCookieName)) return null;
  for (const pair of headers.cookie.split(';')) {
    const [name, token] = pair.trim().split('=', 2);
    if (name === sessionCookieName && token) return token;
  }
  return null;
}
