import type { Database } from '../db/database.ts';
import type { Logger } from '../observability/logger.ts';
import type { Caller } from './access/checked-credential.ts';
import { ownersOnly } from './access/permissions.ts';
import type { Authenticated, Principal, SignedIn } from './access/principal.ts';
import { ForbiddenError, UnauthenticatedError } from './app-error.ts';
import type { RequestTelemetry } from './request-telemetry.ts';
import type { Runtime } from './runtime.ts';

/** Where a request came from. */
export type RequestInfo = {
  id: string;
  ip: string | null;
  userAgent: string | null;
  /** The location reported by a trusted proxy; null without one. */
  place: string | null;
  telemetry: RequestTelemetry;
};

/** Stores the session for a caller that must not see its token: a browser, in a cookie. */
export type SessionKeeper = {
  /** Whether the request's only credential is a stored session, live or not. */
  isHolding: boolean;
  /** Sends the token with the response; it replaces the stored one. */
  keep: (token: string, lifetimeSeconds: number) => void;
  /** Removes the stored token. */
  forget: () => void;
};

/** Reports the duration of a named part of the request, in milliseconds. */
export type ReportDuration = (name: string, milliseconds: number) => void;

/** The context of every service: caller, request, database and runtime. One per operation. */
export type Ctx = Caller & {
  /**
   * The loaders of this operation (core/data/loader.ts). Replaced with the principal, so that no caller gets what was
   * loaded for another.
   */
  loaded: Map<unknown, unknown>;
  request: RequestInfo;
  /** Null for a caller that stores its token itself. */
  sessionKeeper: SessionKeeper | null;
  /** Reports durations to the caller; null if disabled. */
  reportDuration: ReportDuration | null;
  /** The tenant that the caller was last given access to. */
  enteredTenantId?: string | null;
  /**
   * Authenticates the credential again, without counting as a use of it; for streams. Undefined without a credential,
   * as at the command line.
   */
  reauthenticate?: () => Promise<Caller>;
  db: Database;
  runtime: Runtime;
  log: Logger;
};

/** Returns the authenticated principal. @throws UnauthenticatedError for anonymous callers */
export function getAuthenticated(ctx: Ctx): Authenticated {
  if (ctx.principal.kind === 'anonymous') throw new UnauthenticatedError();
  return ctx.principal;
}

/**
 * Returns the signed-in user's principal, for actions that need a user.
 * @throws UnauthenticatedError for anonymous callers, ForbiddenError for API keys and operators
 */
export function getSignedIn(ctx: Ctx): SignedIn {
  const principal = getAuthenticated(ctx);
  if (principal.kind === 'session') return principal;
  throw new ForbiddenError('Only a signed-in user can do this.');
}

/**
 * Returns the principal of users themselves, for actions that are not allowed while impersonating.
 * @throws UnauthenticatedError for anonymous callers, ForbiddenError for other credentials and impersonators
 */
export function requireOwnSession(ctx: Ctx): SignedIn {
  const signedIn = getSignedIn(ctx);
  if (signedIn.session.impersonatorId === null) return signedIn;
  throw new ForbiddenError('This is not allowed while impersonating.', null, 'IMPERSONATED');
}

/**
 * Protects destructive actions on a device that was left signed in; call it after authorization.
 * @throws ForbiddenError if the user last authenticated more than REAUTHENTICATION_SECONDS ago
 */
export function requireRecentSignIn(ctx: Ctx): void {
  const { principal, runtime } = ctx;
  if (principal.kind !== 'session') return;
  const { reauthenticationSeconds } = runtime.sessionLimits;
  if (principal.session.authenticatedSecondsAgo <= reauthenticationSeconds) return;
  throw new ForbiddenError(
    'You signed in some time ago. Please confirm your password (confirmPassword), then retry.',
    null,
    'REAUTHENTICATION_REQUIRED',
  );
}

/**
 * Returns null for an operator, else the signed-in user's principal.
 * @throws the errors of getSignedIn
 */
export function findSignedInUnlessOperator(ctx: Ctx): SignedIn | null {
  return ctx.principal.kind === 'operator' ? null : getSignedIn(ctx);
}

/** Returns the id of the signed-in user, or null. */
export function findSignedInUserId(ctx: Ctx): string | null {
  return ctx.principal.kind === 'session' ? ctx.principal.user.id : null;
}

/** Returns the id of the user whose permissions the caller has, directly or through an API key; or null. */
export function findActorId(ctx: Ctx): string | null {
  const { principal } = ctx;
  if (principal.kind === 'apiKey') return principal.creatorId;
  return findSignedInUserId(ctx);
}

/** Returns the tenant that the credential is bound to, or null if it is valid in all. */
export function findBoundTenantId(ctx: Ctx): string | null {
  const { principal } = ctx;
  if (principal.kind === 'session') return principal.session.tenantId;
  return principal.kind === 'apiKey' ? principal.apiKey.tenantId : null;
}

/** Whether a platform administrator impersonates the signed-in user. */
export function isImpersonated(ctx: Ctx): boolean {
  const { principal } = ctx;
  return principal.kind === 'session' && principal.session.impersonatorId !== null;
}

/**
 * Returns the permissions that the credential allows: an API key has only its own, and while impersonating an owner
 * has those of an admin.
 */
export function limitToCredential<P extends string>(
  ctx: Ctx,
  granted: readonly P[],
): ReadonlySet<P> {
  const { principal } = ctx;
  if (isImpersonated(ctx))
    return new Set(granted.filter((permission) => !ownersOnly.has(permission)));
  if (principal.kind !== 'apiKey') return new Set(granted);
  const { permissions } = principal;
  return new Set(granted.filter((permission) => permissions.includes(permission)));
}

/**
 * Changes the caller for the rest of the operation, after signing in, switching or signing out. This also discards what
 * was loaded for the former principal.
 */
export function becomePrincipal(ctx: Ctx, principal: Principal): void {
  ctx.principal = principal;
  forgetLoaded(ctx);
}

/** Discards what was loaded for the caller, after a change. */
export function forgetLoaded(ctx: Ctx): void {
  ctx.credential = null;
  ctx.loaded = new Map();
}

/**
 * Whether the caller is an operator, or a platform administrator whose session is neither bound to a tenant nor an
 * impersonation.
 */
export function isPlatformAdmin(ctx: Ctx): boolean {
  const { principal } = ctx;
  if (principal.kind === 'operator') return true;
  if (principal.kind !== 'session') return false;
  if (ctx.runtime.trustsDatabaseAlone) return true;
  const { tenantId, impersonatorId } = principal.session;
  return principal.user.isPlatformAdmin && tenantId === null && impersonatorId === null;
}

/** @throws UnauthenticatedError or ForbiddenError */
export function requirePlatformAdmin(ctx: Ctx): void {
  getAuthenticated(ctx);
  if (!isPlatformAdmin(ctx)) {
    throw new ForbiddenError('Only platform administrators can do this.');
  }
}
