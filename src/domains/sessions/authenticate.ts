import { createAnonymous, type Principal } from '../../core/principal.ts';
import type { Runtime } from '../../core/runtime.ts';
import { hashSessionToken } from './token.ts';

const bearerForm = /^Bearer ([\x21-\x7e]{1,512})$/i;

/** The token as the transport brought it: in a header, or kept for a caller that never saw it. */
export type Credentials = { authorization: string | null; cookieToken: string | null };

/** Who is asking; an Authorization header goes before a cookie. A token that is not good is nobody's. */
export async function authenticate(
  runtime: Pick<Runtime, 'findLiveSession'>,
  { authorization, cookieToken }: Credentials,
): Promise<Principal> {
  const token = authorization === null ? cookieToken : bearerForm.exec(authorization)?.[1];
  const tokenHash = token ? hashSessionToken(token) : null;
  if (tokenHash === null) return createAnonymous();
  const live = await runtime.findLiveSession({ tokenHash, tenantId: null });
  return live ? { kind: 'session', user: live.user, session: live.session } : createAnonymous();
}
