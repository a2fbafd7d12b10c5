import type { Scope } from '../db/scope.ts';
import { type Ctx, findActorId, getSignedIn, isPlatformAdmin } from './context.ts';

/**
 * Scopes are made from the credential alone, here and nowhere else. An input may name a tenant;
 * whether its rows become visible is decided again by the database (enter_scope()).
 */

/** What is a user's own, for who has just proven to be that user and is nobody yet in `ctx`. */
export function getScopeOfUser(userId: string): Scope {
  return { userId, tenantId: null, platform: false };
}

/** What is the actor's own. Raises UnauthenticatedError. */
export function getOwnScope(ctx: Ctx): Scope {
  return getScopeOfUser(getSignedIn(ctx).user.id);
}

/**
 * One tenant, as its member; a platform administrator enters it across tenants. A session that is
 * bound to another tenant sees nothing.
 */
export function getTenantScope(ctx: Ctx, tenantId: string): Scope {
  const boundTo = ctx.principal.kind === 'session' ? ctx.principal.session.tenantId : null;
  const mayEnter = boundTo === null || boundTo === tenantId;
  return {
    userId: findActorId(ctx),
    tenantId: mayEnter ? tenantId : null,
    platform: isPlatformAdmin(ctx),
  };
}

/** Everything, for platform administrators; others see what is their own. */
export function getPlatformScope(ctx: Ctx): Scope {
  return { userId: findActorId(ctx), tenantId: null, platform: isPlatformAdmin(ctx) };
}
