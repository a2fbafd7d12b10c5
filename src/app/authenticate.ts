import {
  type Caller,
  createAnonymousCaller,
  createApiKeyCaller,
  createSessionCaller,
} from '../core/access/checked-credential.ts';
import { RateLimitedError } from '../core/app-error.ts';
import type { Runtime } from '../core/runtime.ts';
import { getApiKeyChecker } from '../domains/api-keys/check.ts';
import { hashApiKey } from '../domains/api-keys/token.ts';
import { getSessionChecker } from '../domains/sessions/check.ts';
import { hashSessionToken } from '../domains/sessions/token.ts';
import { trimCode } from '../lib/blanks.ts';
import type { TokenHash } from '../lib/token.ts';

/** The credential of a request. An Authorization header, even an invalid one, precedes the cookie. */
export type Credentials = { authorization: string | null; cookieToken: string | null };

type AuthRuntime = Pick<Runtime, 'shared' | 'apiKeys'>;

const bearerForm = /^Bearer[ \t]+([\x21-\x7e]{1,512})$/i;

/**
 * Authenticates a request by an API key, in the Authorization header only, or by a session. An invalid credential
 * makes an anonymous caller.
 * @throws RateLimitedError for a key beyond its budget
 */
export async function authenticate(
  runtime: AuthRuntime,
  credentials: Credentials,
): Promise<Caller> {
  const { token, keyHash } = readToken(runtime, credentials);
  if (token === null) return createAnonymousCaller();
  if (keyHash !== null) return await authenticateKey(runtime, token, keyHash);
  const tokenHash = hashSessionToken(token);
  const { find } = getSessionChecker(runtime);
  const live = tokenHash && (await find({ tokenHash, tenantId: null }));
  return live ? createSessionCaller(token, live) : createAnonymousCaller();
}

/**
 * Authenticates the credential of an open stream again, from the database. It counts neither as a use of the credential
 * nor towards the budget of a key.
 */
export async function reauthenticate(
  runtime: AuthRuntime,
  credentials: Credentials,
): Promise<Caller> {
  const { token, keyHash } = readToken(runtime, credentials);
  if (token === null) return createAnonymousCaller();
  if (keyHash !== null) {
    const live = await getApiKeyChecker(runtime).peek(keyHash);
    return live ? createApiKeyCaller(token, live) : createAnonymousCaller();
  }
  const tokenHash = hashSessionToken(token);
  const live = tokenHash && (await getSessionChecker(runtime).peek({ tokenHash, tenantId: null }));
  return live ? createSessionCaller(token, live) : createAnonymousCaller();
}

/** The token of a request, and its hash if it is an API key of this server. */
function readToken(
  { apiKeys }: AuthRuntime,
  { authorization, cookieToken }: Credentials,
): { token: string | null; keyHash: TokenHash | null } {
  if (authorization === null) return { token: cookieToken, keyHash: null };
  const token = bearerForm.exec(trimCode(authorization))?.[1] ?? null;
  return { token, keyHash: token === null ? null : hashApiKey(apiKeys.prefix, token) };
}

/** Checks the budget first, so that a key beyond it causes no load on the database. */
async function authenticateKey(
  runtime: AuthRuntime,
  token: string,
  tokenHash: TokenHash,
): Promise<Caller> {
  const { budgets } = runtime.apiKeys;
  rejectFor(budgets.getWaitSeconds(tokenHash));
  const live = await getApiKeyChecker(runtime).find(tokenHash);
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
