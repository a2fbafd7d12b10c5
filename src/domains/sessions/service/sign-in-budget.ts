import { createHash } from 'node:crypto';
import { RateLimitedError } from '../../../core/app-error.ts';
import type { Ctx } from '../../../core/context.ts';
import type { Db } from '../../../db/database.ts';
import { noScope } from '../../../db/scope.ts';
import * as queries from '../queries.ts';

/**
 * Reserves an attempt to prove a password, and answers what it is to be proven by, null for an unknown address. It
 * is counted as failed before anything is checked, for known and unknown addresses alike. A known device
 * is not delayed by what others try on the account. Where no hash would be let in now, nothing is
 * counted. Raises RateLimitedError, UnavailableError.
 */
export async function reserveSignIn(
  ctx: Ctx,
  email: string,
  { isKnownDevice }: { isKnownDevice: boolean },
): Promise<queries.StoredPassword | null> {
  const { passwords, signInLimits: limits } = ctx.runtime;
  const [account, source] = [toAccountBucket(email), ctx.request.ip];
  const { seconds, found } = await passwords.prepare(() =>
    ctx.db.write(noScope, (db) =>
      queries.reserveSignIn(db, email, { account, source, isKnownDevice, limits }),
    ),
  );
  if (seconds === 0) return found;
  if (seconds > 0) {
    throw new RateLimitedError('Too many attempts. Please wait before you try again.', seconds);
  }
  throw new RateLimitedError(
    'Too many attempts. Signing in to this account is shut until its password is reset.',
    limits.windowSeconds,
  );
}

/**
 * Counts a sign-up of the caller's source before it costs a hash; not where none would be let in now. Raises
 * RateLimitedError, UnavailableError.
 */
export async function reserveSignUp(ctx: Ctx): Promise<void> {
  const { passwords, signInLimits } = ctx.runtime;
  const seconds = await passwords.prepare(() =>
    ctx.db.write(noScope, (db) => queries.reserveSignUp(db, ctx.request.ip, signInLimits)),
  );
  if (seconds > 0) {
    throw new RateLimitedError('Too many sign-ups. Please wait before you try again.', seconds);
  }
}

/** Takes the reservation back once the password has proven right; part of the sign-in's transaction. */
export function releaseSignIn(ctx: Ctx, tx: Db, email: string): Promise<void> {
  return queries.releaseSignIn(tx, toAccountBucket(email), ctx.request.ip);
}

/** The name of the budget that bears the attempts on an account. */
export function toAccountBucket(email: string): string {
  return `account:${createHash('sha256').update(email).digest('hex')}`;
}
