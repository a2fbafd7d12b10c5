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
 * Scopes are made from the credential alone, here and nowhere else. An input may name a tenant;
 * whether its rows become visible is decided again by the database (enter_scope()).
 */

/** The scope of a user who has just authenticated and is not the caller in `ctx` yet. */
export function getScopeOfUser(userId: string): Scope {
  return { ...noScope, userId };
}

/** The actor's own scope. Throws UnauthenticatedError. */
export function getOwnScope(ctx: Ctx): Scope {
  getSignedIn(ctx);
  return getActorScope(ctx);
}

/**
 * One tenant, as its member; a platform administrator enters it across tenants. A session that is
 * bound to another tenant sees nothing.
 */
export function getTenantScope(ctx: Ctx, tenantId: string): Scope {
  const boundTo = findBoundTenantId(ctx);
  const mayEnter = boundTo === null || boundTo === tenantId;
  return { ...getPlatformScope(ctx), tenantId: mayEnter ? tenantId : null };
}

/** Everything, for platform administrators; others see what is their own. */
export function getPlatformScope(ctx: Ctx): Scope {
  return { ...getActorScope(ctx), platform: isPlatformAdmin(ctx) };
}

const readMembers = permission('members:read');

/** On whose behalf people and memberships are read across tenants, and in which one alone. */
export type Reader = { scope: Scope; actorId: string | null; onlyTenant: string | null };

/**
 * What the definer functions that show people to people are to be asked with. An API key sees people
 * only if it may read members. Throws UnauthenticatedError.
 */
export function getReader(ctx: Ctx): Reader {
  const principal = getAuthenticated(ctx);
  const isBlind = principal.kind === 'apiKey' && !principal.permissions.includes(readMembers);
  return {
    // Only an operator needs its scope for this: it has no id to be known by.
    scope: principal.kind === 'operator' ? getPlatformScope(ctx) : noScope,
    actorId: isBlind ? null : findActorId(ctx),
    onlyTenant: findBoundTenantId(ctx),
  };
}

/** Who acts, and by what credential; opens nothing but what is a person's own. */
function getActorScope(ctx: Ctx): Scope {
  const { principal } = ctx;
  return {
    ...noScope,
    userId: findActorId(ctx),
    apiKeyId: principal.kind === 'apiKey' ? principal.apiKey.id : null,
    impersonatorId: principal.kind === 'session' ? principal.session.impersonatorId : null,
  };
}
