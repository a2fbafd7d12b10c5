import { createHash } from 'node:crypto';
import { RateLimitedError } from '../../../core/app-error.ts';
import type { Ctx } from '../../../core/context.ts';
import type { Db } from '../../../db/database.ts';
import { noScope } from '../../../db/scope.ts';
import * as queries from '../queries.ts';

/** Pauses between checks of an attempt that waits for others, and their maximum in total. */
const pauseMs = { first: 20, longest: 160, total: 3_000 };

/**
 * Runs `verify` with the stored password of an address; null for an unknown one. The attempt counts as failed before
 * anything is checked, for known and unknown addresses alike; `verify` takes that back with `releaseSignIn` in its
 * transaction, or throws. Concurrent attempts that together exceed the limits wait for the outcome of earlier ones.
 * Nothing is counted while the password queue is full.
 * @throws RateLimitedError, UnavailableError, the errors of `verify`
 */
export async function attemptSignIn<T>(
  ctx: Ctx,
  { email, holdsSession }: { email: string; holdsSession: boolean },
  verify: (found: queries.StoredPassword | null) => Promise<T>,
): Promise<T> {
  const { signInLimits: limits } = ctx.runtime;
  const attempt = { account: toAccountBucket(email), source: ctx.request.ip, holdsSession, limits };
  const found = await beginAttempt(ctx, email, attempt);
  try {
    return await verify(found);
  } catch (error) {
    // It counts as failed in any case; settling it only spares concurrent attempts the wait.
    await ctx.db
      .write(noScope, (db) => queries.failSignIn(db, attempt))
      .catch((err) => ctx.log.warn({ err }, 'failed sign-in could not be settled'));
    throw error;
  }
}

async function beginAttempt(
  ctx: Ctx,
  email: string,
  attempt: queries.SignInAttempt,
): Promise<queries.StoredPassword | null> {
  const { passwords } = ctx.runtime;
  const { begun, shut, undecided } = queries.attemptOutcomes;
  let waitedMs = 0;
  let nextMs = pauseMs.first;
  while (true) {
    const { seconds, found } = await passwords.prepare(() =>
      ctx.db.write(noScope, (db) => queries.beginSignIn(db, email, attempt)),
    );
    if (seconds === begun) return found;
    if (seconds === shut) throw createLocked(attempt.limits.windowSeconds);
    if (seconds !== undecided) throw createTooMany(seconds);
    if (waitedMs >= pauseMs.total) throw createTooMany(1);
    await passwords.pause(nextMs);
    waitedMs += nextMs;
    nextMs = Math.min(2 * nextMs, pauseMs.longest);
  }
}

function createTooMany(seconds: number): RateLimitedError {
  return new RateLimitedError('Too many attempts. Please wait before you try again.', seconds);
}

function createLocked(seconds: number): RateLimitedError {
  return new RateLimitedError(
    'Too many attempts. This account is locked until its password is reset.',
    seconds,
  );
}

/**
 * Counts a sign-up of the caller's source, before the password is hashed; not while the password queue is full.
 * @throws RateLimitedError, UnavailableError
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

/** Takes back the counted failure after a correct password, in the sign-in's transaction. */
export function releaseSignIn(ctx: Ctx, tx: Db, email: string): Promise<void> {
  return queries.releaseSignIn(tx, toAccountBucket(email), ctx.request.ip);
}

/** Returns the name of the rate limit budget for attempts on an account. */
export function toAccountBucket(email: string): string {
  return `account:${createHash('sha256').update(email).digest('hex')}`;
}
