import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SessionKeeper } from '../../core/context.ts';

/**
 * The prefix `__Host-` makes browsers reject the cookie unless it is Secure, has the path / and no domain:
 * no other host, not even a subdomain, can set it.
 */
export const sessionCookieName = '__Host-tenantry_session';

/** The header that requests the session in a cookie, and its only value. */
export const sessionHeader = 'x-tenantry-session';
export const sessionHeaderValue = 'cookie';

// Lax, not Strict: a user who follows a link to an application is still signed in there.
const attributes = 'Path=/; Secure; HttpOnly; SameSite=Lax';

/** How a request uses the session cookie. */
export type CookieUse = {
  /** The token in the cookie; null without a cookie, or if an Authorization header takes precedence. */
  cookieToken: string | null;
  /** Null for a caller that stores its token itself. */
  sessionKeeper: SessionKeeper | null;
};

/** No cookie was sent or requested. */
export const noCookieUse: CookieUse = { cookieToken: null, sessionKeeper: null };

/**
 * The cookie is in use if the request sends it, or requests it with `x-tenantry-session`. Sending it is
 * enough, so a script that runs in the page never sees the token.
 */
export function getCookieUse(req: IncomingMessage, res: ServerResponse): CookieUse {
  const isRequested = req.headers[sessionHeader] === sessionHeaderValue;
  const cookieToken = req.headers.authorization === undefined ? findToken(req) : null;
  if (!isRequested && cookieToken === null) return noCookieUse;
  return { cookieToken, sessionKeeper: createKeeper(res, cookieToken !== null) };
}

/** Sets the header at once, so it is sent whatever the result of the operation. */
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
