import { sessionMemo } from '../../core/access/memoized-credential.ts';
import { createAnonymous, type Principal } from '../../core/access/principal.ts';
import type { Runtime } from '../../core/runtime.ts';
import { trimCode } from '../../lib/blanks.ts';
import { hashSessionToken } from './token.ts';

const bearerForm = /^Bearer[ \t]+([\x21-\x7e]{1,512})$/i;

/** The token as the transport brought it: in a header, or kept for a caller that never saw it. */
export type Credentials = { authorization: string | null; cookieToken: string | null };

/** The bearer token of an Authorization header, whatever it is a token of; or null. */
export function findBearer({ authorization }: Credentials): string | null {
  return bearerForm.exec(trimCode(authorization ?? ''))?.[1] ?? null;
}

/** Whose session it is; an Authorization header goes before a cookie. A token that is not valid is nobody's. */
export async function authenticateSession(
  runtime: Pick<Runtime, 'findLiveSession'>,
  credentials: Credentials,
): Promise<Principal> {
  const { authorization, cookieToken } = credentials;
  const token = authorization === null ? cookieToken : findBearer(credentials);
  const tokenHash = token && hashSessionToken(token);
  if (!tokenHash) return createAnonymous();
  const live = await runtime.findLiveSession({ tokenHash, tenantId: null });
  if (live === null) return createAnonymous();
  const principal: Principal = { kind: 'session', user: live.user, session: live.session };
  sessionMemo.keep(principal, token, live);
  return principal;
}
