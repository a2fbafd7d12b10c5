import { createHash } from 'node:crypto';
import { RateLimitedError } from '../../../core/app-error.ts';
import type { Ctx } from '../../../core/context.ts';
import type { Db } from '../../../db/database.ts';
import { noScope } from '../../../db/scope.ts';
import * as queries from '../queries.ts';

/** How long an attempt waits for others that are under way, between its looks and altogether. */
const pauseMs = { first: 20, longest: 160, altogether: 3_000 };

/**
 * Runs `prove` with what a password of the address is to be proven by, null for an unknown address. The attempt is
 * counted as failed before anything is checked, for known and unknown addresses alike; `prove` takes that back by
 * `releaseSignIn` in its transaction, or throws. Attempts in parallel that together exceed what is allowed wait
 * for the outcome of those before. Where no hash would be let in now, nothing is counted. Throws
 * RateLimitedError, UnavailableError, and what `prove` throws.
 */
export async function attemptSignIn<T>(
  ctx: Ctx,
  { email, holdsSession }: { email: string; holdsSession: boolean },
  prove: (found: queries.StoredPassword | null) => Promise<T>,
): Promise<T> {
  const { signInLimits: limits } = ctx.runtime;
  const attempt = { account: toAccountBucket(email), source: ctx.request.ip, holdsSession, limits };
  const found = await beginAttempt(ctx, email, attempt);
  try {
    return await prove(found);
  } catch (error) {
    // It was counted already: what is lost here is only that others need not wait for it.
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
    if (seconds === shut) throw createShut(attempt.limits.windowSeconds);
    if (seconds !== undecided) throw createTooMany(seconds);
    if (waitedMs >= pauseMs.altogether) throw createTooMany(1);
    await passwords.pause(nextMs);
    waitedMs += nextMs;
    nextMs = Math.min(2 * nextMs, pauseMs.longest);
  }
}

function createTooMany(seconds: number): RateLimitedError {
  return new RateLimitedError('Too many attempts. Please wait before you try again.', seconds);
}

function createShut(seconds: number): RateLimitedError {
  return new RateLimitedError(
    'Too many attempts. This account is locked until its password is reset.',
    seconds,
  );
}

/**
 * Counts a sign-up of the caller's source before it costs a hash; not where none would be let in now. Throws
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
