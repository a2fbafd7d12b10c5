import { apiKeyMemo } from '../core/access/memoized-credential.ts';
import { createAnonymous, type Principal } from '../core/access/principal.ts';
import { RateLimitedError } from '../core/app-error.ts';
import type { ApiKeyRuntime, Runtime } from '../core/runtime.ts';
import { hashApiKey } from '../domains/api-keys/token.ts';
import {
  authenticateSession,
  type Credentials,
  findBearer,
} from '../domains/sessions/authenticate.ts';
import type { TokenHash } from '../lib/token.ts';

/**
 * Who is asking: a program by an API key in the Authorization header, and nowhere else; or a person by
 * a session. A credential that is not valid is nobody's. Throws RateLimitedError for a key that asks
 * too often.
 */
export async function authenticate(
  runtime: Pick<Runtime, 'findLiveSession' | 'apiKeys'>,
  credentials: Credentials,
): Promise<Principal> {
  const bearer = findBearer(credentials);
  const tokenHash = bearer && hashApiKey(runtime.apiKeys.prefix, bearer);
  if (!tokenHash) return await authenticateSession(runtime, credentials);
  return await authenticateKey(runtime.apiKeys, bearer, tokenHash);
}

/** The budget is asked first, so that a key which asks too often does not reach the database. */
async function authenticateKey(
  { find, budgets }: ApiKeyRuntime,
  token: string,
  tokenHash: TokenHash,
): Promise<Principal> {
  refuseFor(budgets.getWaitSeconds(tokenHash));
  const live = await find(tokenHash);
  if (live === null) {
    // Only keys that are good have a budget: made-up ones would fill the memory.
    budgets.forget(tokenHash);
    return createAnonymous();
  }
  refuseFor(budgets.take(tokenHash));
  const principal: Principal = { kind: 'apiKey', ...live };
  apiKeyMemo.keep(principal, token, live);
  return principal;
}

function refuseFor(waitSeconds: number): void {
  if (waitSeconds === 0) return;
  throw new RateLimitedError('This API key asks too often; please slow down.', waitSeconds);
}
