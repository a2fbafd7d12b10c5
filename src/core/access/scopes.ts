import { noScope, type Scope } from '../../db/scope.ts';
import {
  type Ctx,
  findActorId,
  findBoundTenantId,
  getAuthenticated,
  getSignedIn,
  isPlatformAdmin,
} from '../context.ts';
import { permission } from './permissions.ts';

/**
 * Scopes derive from the credential alone, and only here. An input may name a tenant; the database decides again
 * whether its rows are visible (enter_scope()).
 */

/** The scope of a user who just authenticated and is not yet the caller in `ctx`. */
export function getScopeOfUser(userId: string): Scope {
  return { ...noScope, userId };
}

/** The actor's own scope. @throws the errors of getSignedIn */
export function getOwnScope(ctx: Ctx): Scope {
  getSignedIn(ctx);
  return getActorScope(ctx);
}

/**
 * The scope of one tenant, for its members and platform administrators. A credential bound to another tenant sees
 * nothing.
 */
export function getTenantScope(ctx: Ctx, tenantId: string): Scope {
  const boundTo = findBoundTenantId(ctx);
  const mayEnter = boundTo === null || boundTo === tenantId;
  return { ...getPlatformScope(ctx), tenantId: mayEnter ? tenantId : null };
}

/** All tenants for platform administrators; others see their own rows. */
export function getPlatformScope(ctx: Ctx): Scope {
  return { ...getActorScope(ctx), platform: isPlatformAdmin(ctx) };
}

const readMembers = permission('members:read');

/** The actor on whose behalf users and memberships are read, limited to `onlyTenant` if set. */
export type Reader = { scope: Scope; actorId: string | null; onlyTenant: string | null };

/**
 * The arguments of the definer functions that list users and memberships. An API key sees users only with the
 * permission to read members.
 * @throws UnauthenticatedError
 */
export function getReader(ctx: Ctx): Reader {
  const principal = getAuthenticated(ctx);
  const isBlind = principal.kind === 'apiKey' && !principal.permissions.includes(readMembers);
  return {
    // Only an operator needs a scope here, because it has no id.
    scope: principal.kind === 'operator' ? getPlatformScope(ctx) : noScope,
    actorId: isBlind ? null : findActorId(ctx),
    onlyTenant: findBoundTenantId(ctx),
  };
}

/** The actor and the credential; shows only the user's own rows. */
function getActorScope(ctx: Ctx): Scope {
  const { principal } = ctx;
  return {
    ...noScope,
    userId: findActorId(ctx),
    apiKeyId: principal.kind === 'apiKey' ? principal.apiKey.id : null,
    impersonatorId: principal.kind === 'session' ? principal.session.impersonatorId : null,
  };
}
