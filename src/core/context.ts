import type { Database } from '../db/database.ts';
import type { Logger } from '../observability/logger.ts';
import { ForbiddenError, UnauthenticatedError } from './app-error.ts';
import type { Principal, SignedIn } from './principal.ts';
import type { Runtime } from './runtime.ts';

/** Where a request came from. */
export type RequestInfo = { id: string; ip: string | null; userAgent: string | null };

/** Keeps the session for a caller that is never to see its token, as a browser does in a cookie. */
export type SessionKeeper = {
  /** The request came with a kept session, alive or not, and with no other credential. */
  isHolding: boolean;
  /** Hands the token over with the answer; it replaces what was kept before. */
  keep: (token: string, lifetimeSeconds: number) => void;
  /** Has the caller drop what it came with. */
  forget: () => void;
};

/** What every service gets: who asks, from where, and the means to answer. One per operation. */
export type Ctx = {
  principal: Principal;
  request: RequestInfo;
  /** Null for a caller that keeps its token itself. */
  sessionKeeper: SessionKeeper | null;
  db: Database;
  runtime: Runtime;
  log: Logger;
};

/** The signed-in principal. Raises UnauthenticatedError for anybody else. */
export function getSignedIn(ctx: Ctx): SignedIn {
  if (ctx.principal.kind !== 'session') throw new UnauthenticatedError();
  return ctx.principal;
}

/** The id of who is asking, or null for anonymous. */
export function findActorId(ctx: Ctx): string | null {
  return ctx.principal.kind === 'session' ? ctx.principal.user.id : null;
}

/**
 * The rest of the operation acts for somebody else: after signing in, switching or signing out. What
 * was loaded for the former principal is forgotten with it.
 */
export function becomePrincipal(ctx: Ctx, principal: Principal): void {
  ctx.principal = principal;
}

/** True for a signed-in platform administrator whose session is not bound to one tenant. */
export function isPlatformAdmin(ctx: Ctx): boolean {
  const { principal } = ctx;
  if (principal.kind !== 'session') return false;
  if (ctx.runtime.trustsDatabaseAlone) return true;
  return principal.user.isPlatformAdmin && principal.session.tenantId === null;
}

/** Raises UnauthenticatedError or ForbiddenError. */
export function requirePlatformAdmin(ctx: Ctx): void {
  getSignedIn(ctx);
  if (!isPlatformAdmin(ctx)) {
    throw new ForbiddenError('Only platform administrators may do this.');
  }
}
