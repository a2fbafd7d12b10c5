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
 * Authenticates a request by an API key, in the Authorization header only, or by a session. An invalid credential
 * makes an anonymous principal.
 * @throws RateLimitedError for a key beyond its budget
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

/** Checks the budget first, so that a key beyond it causes no load on the database. */
async function authenticateKey(
  { find, budgets }: ApiKeyRuntime,
  token: string,
  tokenHash: TokenHash,
): Promise<Principal> {
  rejectFor(budgets.getWaitSeconds(tokenHash));
  const live = await find(tokenHash);
  if (live === null) {
    // Only valid keys keep a budget: invented ones would fill the memory.
    budgets.forget(tokenHash);
    return createAnonymous();
  }
  rejectFor(budgets.take(tokenHash));
  const principal: Principal = { kind: 'apiKey', ...live };
  apiKeyMemo.keep(principal, token, live);
  return principal;
}

function rejectFor(waitSeconds: number): void {
  if (waitSeconds === 0) return;
  throw new RateLimitedError(
    'This API key sends too many requests; please slow down.',
    waitSeconds,
  );
}
