import { authorize, findAccess, requirePermission } from '../../../core/access/authorize.ts';
import type { LiveApiKey } from '../../../core/access/live-api-key.ts';
import { isPermission, permission } from '../../../core/access/permissions.ts';
import { InvalidInputError } from '../../../core/app-error.ts';
import {
  type Ctx,
  findBoundTenantId,
  getAuthenticated,
  isPlatformAdmin,
} from '../../../core/context.ts';
import type { ApiKey } from '../../../core/entities.ts';
import { nilUuid } from '../../../lib/uuid.ts';
import { getApiKeyChecker } from '../check.ts';
import { effectivePermissionsLoader } from '../loaders.ts';
import { hashApiKey } from '../token.ts';
import { isOwnKey } from './read.ts';

const verifyKeys = permission('api-keys:verify');

/** Most permissions in one question. */
const permissionsMax = 100;

/** Result of a key check. Everything is empty unless the key is valid. */
export type ApiKeyVerification = {
  isValid: boolean;
  apiKey: ApiKey | null;
  permissions: readonly string[];
  /** Of the permissions asked for, those that the key does not give. */
  missing: readonly string[];
};

export type VerifyApiKeyInput = { key: string; permissions: readonly string[] };

/**
 * Says whether a key is good now, what it may do, and which of the asked permissions it lacks. Who asks
 * needs api-keys:verify in the tenant of the key, to be a platform administrator, or is that key. A key of
 * a tenant where the caller does not belong looks like one that does not exist, has ended, or lost its
 * creator. Writes nothing. Throws UnauthenticatedError, ForbiddenError, InvalidInputError.
 */
export async function verifyApiKey(
  ctx: Ctx,
  { key, permissions }: VerifyApiKeyInput,
): Promise<ApiKeyVerification> {
  getAuthenticated(ctx);
  checkNames(permissions);
  const found = await findKey(ctx, key);
  const live = (await mayVerify(ctx, found)) ? found : null;
  if (live === null) return { isValid: false, apiKey: null, permissions: [], missing: permissions };
  effectivePermissionsLoader(ctx).prime(live.apiKey, live.permissions);
  return {
    isValid: true,
    apiKey: live.apiKey,
    permissions: live.permissions,
    missing: permissions.filter((permission) => !live.permissions.includes(permission)),
  };
}

/** Authentication has just checked the caller's own key. */
async function findKey({ credential, runtime }: Ctx, key: string): Promise<LiveApiKey | null> {
  if (credential?.apiKey && credential.isOf(key)) return credential.apiKey;
  const tokenHash = hashApiKey(runtime.apiKeys.prefix, key);
  return tokenHash === null ? null : await getApiKeyChecker(runtime).find(tokenHash);
}

/**
 * False where the caller does not belong. A credential that is bound to a tenant is refused the same,
 * whatever it asks about; others only about keys of tenants where they belong without the permission.
 */
async function mayVerify(ctx: Ctx, found: LiveApiKey | null): Promise<boolean> {
  if (found && isOwnKey(ctx, found.apiKey)) return true;
  if (isPlatformAdmin(ctx)) return true;
  const boundTo = findBoundTenantId(ctx);
  if (boundTo !== null) await authorize(ctx, { id: boundTo }, verifyKeys);
  // Also where there is no key: foreign and absent take the same way.
  const access = await findAccess(ctx, { id: found?.apiKey.tenantId ?? nilUuid });
  if (access === null || found === null) return false;
  requirePermission(access.permissions, verifyKeys);
  return true;
}

function checkNames(permissions: readonly string[]): void {
  const path = ['permissions'];
  if (permissions.length > permissionsMax) {
    throw new InvalidInputError(`Request at most ${permissionsMax} permissions at once.`, path);
  }
  if (permissions.some((permission) => !isPermission(permission))) {
    throw new InvalidInputError('This permission does not exist.', path);
  }
}
