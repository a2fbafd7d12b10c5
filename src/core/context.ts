import type { Database } from '../db/database.ts';
import type { Logger } from '../observability/logger.ts';
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
  /** In the words of a proxy that is ours; null where none says. */
  place: string | null;
  telemetry: RequestTelemetry;
};

/** Keeps the session for a caller that is never to see its token, as a browser does in a cookie. */
export type SessionKeeper = {
  /** The request came with a kept session, alive or not, and with no other credential. */
  isHolding: boolean;
  /** Hands the token over with the answer; it replaces what was kept before. */
  keep: (token: string, lifetimeSeconds: number) => void;
  /** Has the caller drop what it came with. */
  forget: () => void;
};

/** A part of an answer by its name, and how many milliseconds it took. */
export type ReportDuration = (name: string, milliseconds: number) => void;

/** The context of every service: caller, request, database and runtime. One per operation. */
export type Ctx = {
  principal: Principal;
  request: RequestInfo;
  /** Null for a caller that keeps its token itself. */
  sessionKeeper: SessionKeeper | null;
  /** Tells the caller how long a part of the answer took; null where nobody is told. */
  reportDuration: ReportDuration | null;
  /** The tenant that the mutation was last let into, by who may know of it. */
  enteredTenantId?: string | null;
  /**
   * Asks again who the credential of the request is good for, which is no use of it: for operations
   * that outlive their first answer. Left out where there is no credential, as at the command line.
   */
  reauthenticate?: () => Promise<Principal>;
  db: Database;
  runtime: Runtime;
  log: Logger;
};

/** Anybody with a credential. Throws UnauthenticatedError for anonymous callers. */
export function getAuthenticated(ctx: Ctx): Authenticated {
  if (ctx.principal.kind === 'anonymous') throw new UnauthenticatedError();
  return ctx.principal;
}

/**
 * The person that is signed in, for what only a person can do. Throws UnauthenticatedError for
 * anonymous callers, ForbiddenError for credentials that are no person's.
 */
export function getSignedIn(ctx: Ctx): SignedIn {
  const principal = getAuthenticated(ctx);
  if (principal.kind === 'session') return principal;
  throw new ForbiddenError('Only a signed-in user can do this.');
}

/**
 * The user themselves, for what nobody may do in its name. Throws UnauthenticatedError for anonymous
 * callers, ForbiddenError for other credentials and for a platform administrator who acts as the person.
 */
export function requireOwnSession(ctx: Ctx): SignedIn {
  const signedIn = getSignedIn(ctx);
  if (signedIn.session.impersonatorId === null) return signedIn;
  throw new ForbiddenError('This is not allowed while impersonating.', null, 'IMPERSONATED');
}

/**
 * For what does harm that cannot be undone, after the right to it is certain: anyone who found a device
 * signed in should not be able to. Throws ForbiddenError for a person who last proved who they are
 * longer ago than REAUTHENTICATION_SECONDS.
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
 * The same for what an operator can do as well, who is nobody in particular: null then. Throws as
 * getSignedIn.
 */
export function findSignedInUnlessOperator(ctx: Ctx): SignedIn | null {
  return ctx.principal.kind === 'operator' ? null : getSignedIn(ctx);
}

/** The id of the person that is signed in, or null: what is one's own is a person's. */
export function findSignedInUserId(ctx: Ctx): string | null {
  return ctx.principal.kind === 'session' ? ctx.principal.user.id : null;
}

/** The id of the user whose rights the caller has, as a person or through an API key; or null. */
export function findActorId(ctx: Ctx): string | null {
  const { principal } = ctx;
  if (principal.kind === 'apiKey') return principal.creatorId;
  return findSignedInUserId(ctx);
}

/** The one tenant that the credential is bound to, or null for one that is good in all. */
export function findBoundTenantId(ctx: Ctx): string | null {
  const { principal } = ctx;
  if (principal.kind === 'session') return principal.session.tenantId;
  return principal.kind === 'apiKey' ? principal.apiKey.tenantId : null;
}

/** True where a platform administrator acts in the name of the person that is signed in. */
export function isImpersonated(ctx: Ctx): boolean {
  const { principal } = ctx;
  return principal.kind === 'session' && principal.session.impersonatorId !== null;
}

/**
 * Of these rights, those that the credential lets through: an API key has no more than it came with, and
 * in somebody's name an owner is an admin.
 */
export function limitToCredential<Right extends string>(
  ctx: Ctx,
  rights: readonly Right[],
): ReadonlySet<Right> {
  const { principal } = ctx;
  if (isImpersonated(ctx)) return new Set(rights.filter((right) => !ownersOnly.has(right)));
  if (principal.kind !== 'apiKey') return new Set(rights);
  const { permissions } = principal;
  return new Set(rights.filter((right) => permissions.includes(right)));
}

/**
 * The rest of the operation acts for somebody else: after signing in, switching or signing out. What
 * was loaded for the former principal is forgotten with it.
 */
export function becomePrincipal(ctx: Ctx, principal: Principal): void {
  ctx.principal = principal;
}

/** Forgets what was loaded for the caller, who stays the same: something has changed since. */
export function forgetLoaded(ctx: Ctx): void {
  ctx.principal = { ...ctx.principal };
}

/**
 * True for an operator, and for a signed-in platform administrator whose session is its own and not
 * bound to one tenant.
 */
export function isPlatformAdmin(ctx: Ctx): boolean {
  const { principal } = ctx;
  if (principal.kind === 'operator') return true;
  if (principal.kind !== 'session') return false;
  if (ctx.runtime.trustsDatabaseAlone) return true;
  const { tenantId, impersonatorId } = principal.session;
  return principal.user.isPlatformAdmin && tenantId === null && impersonatorId === null;
}

/** Throws UnauthenticatedError or ForbiddenError. */
export function requirePlatformAdmin(ctx: Ctx): void {
  getAuthenticated(ctx);
  if (!isPlatformAdmin(ctx)) {
    throw new ForbiddenError('Only platform administrators can do this.');
  }
}
