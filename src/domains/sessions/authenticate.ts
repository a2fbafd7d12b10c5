import { createAnonymous, type Principal } from '../../core/principal.ts';
import type { Runtime } from '../../core/runtime.ts';
import { hashSessionToken } from './token.ts';

const bearerForm = /^Bearer ([\x21-\x7e]{1,512})$/i;

/** Who is asking, by the Authorization header. A token that is not good is nobody's. */
export async function authenticate(
  runtime: Pick<Runtime, 'findLiveSession'>,
  authorization: string | null,
): Promise<Principal> {
  const token = authorization && bearerForm.exec(authorization)?.[1];
  const tokenHash = token ? hashSessionToken(token) : null;
  if (tokenHash === null) return createAnonymous();
  const live = await runtime.findLiveSession({ tokenHash, tenantId: null });
  return live ? { kind: 'session', user: live.user, session: live.session } : createAnonymous();
}
