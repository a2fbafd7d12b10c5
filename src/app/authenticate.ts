import {
  type Caller,
  createAnonymousCaller,
  createApiKeyCaller,
  createSessionCaller,
} from '../core/access/checked-credential.ts';
import { RateLimitedError } from '../core/app-error.ts';
import type { ApiKeyRuntime, Runtime } from '../core/runtime.ts';
import { hashApiKey } from '../domains/api-keys/token.ts';
import { hashSessionToken } from '../domains/sessions/token.ts';
import { trimCode } from '../lib/blanks.ts';
import type { TokenHash } from '../lib/token.ts';

/** The credential of a request. An Authorization header, even an invalid one, precedes the cookie. */
export type Credentials = { authorization: string | null; cookieToken: string | null };

const bearerForm = /^Bearer[ \t]+([\x21-\x7e]{1,512})$/i;

/**
 * Authenticates a request by an API key, in the Authorization header only, or by a session. An invalid credential
 * makes an anonymous caller.
 * @throws RateLimitedError for a key beyond its budget
 */
export async function authenticate(
  runtime: Pick<Runtime, 'findLiveSession' | 'apiKeys'>,
  { authorization, cookieToken }: Credentials,
): Promise<Caller> {
  if (authorization === null) return await authenticateSession(runtime, cookieToken);
  const bearer = bearerForm.exec(trimCode(authorization))?.[1] ?? null;
  const keyHash = bearer && hashApiKey(runtime.apiKeys.prefix, bearer);
  if (!keyHash) return await authenticateSession(runtime, bearer);
  return await authenticateKey(runtime.apiKeys, bearer, keyHash);
}

async function authenticateSession(
  { findLiveSession }: Pick<Runtime, 'findLiveSession'>,
  token: string | null,
): Promise<Caller> {
  const tokenHash = token && hashSessionToken(token);
  const live = tokenHash ? await findLiveSession({ tokenHash, tenantId: null }) : null;
  return token && live ? createSessionCaller(token, live) : createAnonymousCaller();
}

/** Checks the budget first, so that a key beyond it causes no load on the database. */
async function authenticateKey(
  { find, budgets }: ApiKeyRuntime,
  token: string,
  tokenHash: TokenHash,
): Promise<Caller> {
  rejectFor(budgets.getWaitSeconds(tokenHash));
  const live = await find(tokenHash);
  if (live === null) {
    // Only valid keys keep a budget: invented ones would fill the memory.
    budgets.forget(tokenHash);
    return createAnonymousCaller();
  }
  rejectFor(budgets.take(tokenHash));
  return createApiKeyCaller(token, live);
}

function rejectFor(waitSeconds: number): void {
  if (waitSeconds === 0) return;
  throw new RateLimitedError(
    'This API key sends too many requests; please slow down.',
    waitSeconds,
  );
}
