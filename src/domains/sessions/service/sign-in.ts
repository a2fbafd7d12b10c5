import { getOwnScope, getScopeOfUser } from '../../../core/access/scopes.ts';
import {
  createNotFound,
  InvalidCredentialsError,
  UnauthenticatedError,
} from '../../../core/app-error.ts';
import { recordAudit } from '../../../core/audit.ts';
import { type Ctx, getSignedIn } from '../../../core/context.ts';
import type { User } from '../../../core/entities.ts';
import { checkEmail } from '../../../core/input.ts';
import { noScope } from '../../../db/scope.ts';
import { trimCode } from '../../../lib/blanks.ts';
import { normalizePassword } from '../../../lib/password-rules.ts';
import { findOwnTenantId } from '../../tenants/queries.ts';
import { getFailedSignInCounter } from '../failed-sign-ins.ts';
import { completeSignIn } from '../queries/open.ts';
import * as queries from '../queries.ts';
import { createSessionToken } from '../token.ts';
import { endReplacedSession, enterSession, leaveSession } from './current.ts';
import { endSession } from './end.ts';
import { composeSession, type OpenedSession, openSession } from './open.ts';
import { verifyPassword } from './password.ts';
import { attemptSignIn, toAccountBucket } from './sign-in-budget.ts';

export type SignInInput = {
  email: string;
  password: string;
  tenantSlug?: string | null | undefined;
};

export type SignedInSession = OpenedSession & { user: User };

/**
 * Signs in with e-mail and password, bound to one tenant if given. An unknown address, a wrong password, a suspended
 * user and a tenant without membership return the same error and cost the same work.
 * @throws InvalidInputError for a malformed address, InvalidCredentialsError, RateLimitedError, UnavailableError
 */
export async function signIn(ctx: Ctx, input: SignInInput): Promise<SignedInSession> {
  const email = checkEmail('email', input.email);
  const holdsSession = holdsSessionOf(ctx, email);
  const { opened, hashMs } = await attemptSignIn(ctx, { email, holdsSession }, (found) =>
    verifyAndOpen(ctx, input, { email, found }),
  );
  await endReplacedSession(ctx);
  // Only after a correct password: with an error it would help to distinguish known addresses.
  ctx.reportDuration?.('hash', hashMs);
  return { user: opened.user, ...enterSession(ctx, opened.user, opened) };
}

/** Checks the password and opens the session. @throws InvalidCredentialsError, UnavailableError */
async function verifyAndOpen(
  ctx: Ctx,
  input: SignInInput,
  { email, found }: { email: string; found: queries.StoredPassword | null },
): Promise<{ opened: SignedInSession; hashMs: number }> {
  const { password } = input;
  const tenantSlug = input.tenantSlug == null ? null : trimCode(input.tenantSlug);
  const startedAt = performance.now();
  const isMatch = await verifyPassword(ctx, found?.passwordHash ?? null, password);
  const hashMs = performance.now() - startedAt;
  if (!found || !isMatch || found.status !== 'active') throw createRejection(ctx);
  const { userId, isPlatformAdmin } = found;
  const tenantId =
    tenantSlug === null
      ? null
      : await ctx.db.read(noScope, (db) => findOwnTenantId(db, userId, { slug: tenantSlug }));
  if (tenantSlug !== null && tenantId === null) throw createRejection(ctx);
  const rehashed = ctx.runtime.passwords.needsRehash(found.passwordHash)
    ? await ctx.runtime.passwords.hash(normalizePassword(password))
    : null;
  const { token, hash: tokenHash } = createSessionToken();
  const session = composeSession(ctx, { userId, isPlatformAdmin, tenantId }, tokenHash);
  const signedIn = await ctx.db.write(getScopeOfUser(userId), (db) =>
    completeSignIn(db, session, {
      checkedHash: found.passwordHash,
      newHash: rehashed,
      account: toAccountBucket(email),
    }),
  );
  if (signedIn === null) throw createRejection(ctx);
  return { opened: { token, ...signedIn }, hashMs };
}

/** Whether the caller has a live session of this user, and so is no stranger guessing. */
function holdsSessionOf(ctx: Ctx, email: string): boolean {
  const { principal } = ctx;
  if (principal.kind !== 'session' || principal.session.impersonatorId !== null) return false;
  return principal.user.email === email;
}

/** The same error for every reason; counted for monitoring. */
function createRejection(ctx: Ctx): InvalidCredentialsError {
  getFailedSignInCounter(ctx.runtime).add();
  return new InvalidCredentialsError('E-mail address or password is incorrect.');
}

/**
 * Ends the session of this request; its cookie is removed even if it has already ended.
 * @throws UnauthenticatedError if it has already ended, ForbiddenError without a session
 */
export async function signOut(ctx: Ctx): Promise<void> {
  if (ctx.principal.kind === 'anonymous') leaveSession(ctx);
  const { session } = getSignedIn(ctx);
  const { id, tenantId } = session;
  await ctx.db.transaction(getOwnScope(ctx), (tx) =>
    endSession(ctx, tx, { id }, { action: 'session.closed', tenantId }),
  );
  leaveSession(ctx);
}

/**
 * Replaces the session by one that is bound to `tenantId`, or to none for null. The old token stops working at once.
 * @throws NotFoundError if the caller is not an active member, UnauthenticatedError if the session has ended
 */
export async function switchTenant(ctx: Ctx, tenantId: string | null): Promise<SignedInSession> {
  const { user, session } = getSignedIn(ctx);
  if (tenantId !== null) {
    const own = await ctx.db.read(noScope, (db) => findOwnTenantId(db, user.id, { id: tenantId }));
    if (own === null) throw createNotFound('tenant');
  }
  const opened = await ctx.db.transaction(getOwnScope(ctx), async (tx) => {
    const wasLive = await queries.deleteSession(tx, { id: session.id });
    if (wasLive === null) throw new UnauthenticatedError();
    const { isPlatformAdmin } = user;
    const next = await openSession(ctx, tx, {
      userId: user.id,
      isPlatformAdmin,
      tenantId,
      // Not a new sign-in: the absolute expiry stays.
      from: session,
    });
    await recordAudit(ctx, tx, {
      action: 'session.switched',
      tenantId,
      target: { type: 'Session', id: next.session.id },
      changes: { tenantId: [session.tenantId, tenantId] },
    });
    return next;
  });
  return { ...enterSession(ctx, user, opened), user };
}
