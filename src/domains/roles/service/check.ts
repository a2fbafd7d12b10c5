import { isPermission } from '../../../core/access/permissions.ts';
import type { Program } from '../../../core/access/principal.ts';
import { getReader } from '../../../core/access/scopes.ts';
import { InvalidInputError } from '../../../core/app-error.ts';
import {
  type Ctx,
  findBoundTenantId,
  findSignedInUserId,
  getAuthenticated,
  isPlatformAdmin,
  limitToCredential,
} from '../../../core/context.ts';
import { listRolesOfUsers, type RolesOfUser } from '../queries.ts';

/** Most pairs in one question. */
export const checksMax = 500;

/** May this user (the caller, if left out, be it a person or an API key) do this in that tenant? A null id is one that is malformed. */
export type PermissionCheck = {
  tenantId: string | null;
  permission: string;
  userId: string | null | undefined;
};

export type PermissionDecision = { isAllowed: boolean; reason: string };

/**
 * Answers many checks with one statement, in their order, each with the path that decided. About
 * others the caller learns what it could read anyway: tenants where it may read members. Throws
 * UnauthenticatedError, InvalidInputError.
 */
export async function checkPermissions(
  ctx: Ctx,
  checks: readonly PermissionCheck[],
): Promise<PermissionDecision[]> {
  const principal = getAuthenticated(ctx);
  const ownId = findSignedInUserId(ctx);
  if (checks.length > checksMax) {
    throw new InvalidInputError(`Request at most ${checksMax} checks at once.`, ['checks']);
  }
  const unknown = checks.findIndex(({ permission }) => !isPermission(permission));
  if (unknown >= 0) {
    const path = ['checks', String(unknown), 'permission'];
    throw new InvalidInputError('This permission does not exist.', path);
  }
  const boundTo = findBoundTenantId(ctx);
  const isInReach = (tenantId: string) => boundTo === null || boundTo === tenantId;
  const asked = checks.map(({ tenantId, userId }) => {
    const who = userId === undefined ? ownId : userId;
    return tenantId && who && isInReach(tenantId) ? { tenantId, userId: who } : null;
  });
  const pairs = asked.filter((pair) => pair !== null);
  const { scope, actorId } = getReader(ctx);
  const found = await ctx.db.read(scope, (db) => listRolesOfUsers(db, actorId, pairs));
  const byPair = new Map(found.map((row) => [`${row.userId}/${row.tenantId}`, row]));
  return checks.map(({ permission, tenantId, userId }, index) => {
    if (principal.kind === 'apiKey' && userId === undefined) {
      return decideForKey(principal, tenantId, permission);
    }
    const pair = asked[index];
    if (pair?.userId === ownId && isPlatformAdmin(ctx)) {
      return { isAllowed: true, reason: 'platform administrator' };
    }
    if (pair?.userId === ownId && limitToCredential(ctx, [permission]).size === 0) {
      return { isAllowed: false, reason: 'not allowed while impersonating' };
    }
    return decide(permission, pair && byPair.get(`${pair.userId}/${pair.tenantId}`));
  });
}

function decideForKey(
  { apiKey, permissions }: Program,
  tenantId: string | null,
  permission: string,
): PermissionDecision {
  if (tenantId !== apiKey.tenantId) {
    return { isAllowed: false, reason: 'the API key is for another tenant' };
  }
  const name = `API key "${apiKey.name}"`;
  if (permissions.includes(permission)) {
    return { isAllowed: true, reason: `${name} → its creator → ${permission}` };
  }
  const lacking = apiKey.permissions.includes(permission) ? 'its creator lacks' : 'it lacks';
  return { isAllowed: false, reason: `${name} → ${lacking} ${permission}` };
}

function decide(permission: string, found: RolesOfUser | null | undefined): PermissionDecision {
  if (!found) return { isAllowed: false, reason: 'no active membership in this tenant' };
  if (found.tenantStatus !== 'active') {
    return { isAllowed: false, reason: `the tenant is ${found.tenantStatus.replace('_', ' ')}` };
  }
  const role = found.roles.find(({ permissions }) => permissions.includes(permission));
  if (role) return { isAllowed: true, reason: `membership → role "${role.key}" → ${permission}` };
  const keys = found.roles.map(({ key }) => `"${key}"`).join(', ');
  return { isAllowed: false, reason: `membership → none of its roles (${keys}) has ${permission}` };
}
