import type { Db } from '../../../db/database.ts';
import type { TokenHash } from '../../../lib/token.ts';
import { lifetimeSeconds, mailBudget } from '../one-time-token.ts';

/** Replaces the token of the scope's user. Returns the seconds to wait; 0 if it is created. */
export async function createVerificationToken(tx: Db, hash: TokenHash): Promise<number> {
  const { mailsMax, windowSeconds, spacingSeconds } = mailBudget;
  const [row] = await tx.$queryRaw<[{ seconds: number }]>`
    select create_verification_token(${hash}, ${lifetimeSeconds.email_verification}::int,
      ${mailsMax}::int, ${windowSeconds}::int, ${spacingSeconds}::int) as seconds`;
  return row.seconds;
}

/** The user whose address was verified. */
export type VerifiedEmail = { userId: string; email: string; wasVerified: boolean };

/**
 * Uses up the token and marks the address as verified; the rest of the transaction acts as its user. Returns null for
 * an invalid token.
 */
export async function verifyEmail(tx: Db, hash: TokenHash): Promise<VerifiedEmail | null> {
  const [verified] = await tx.$queryRaw<VerifiedEmail[]>`
    select user_id as "userId", email, was_verified as "wasVerified" from verify_email(${hash})`;
  return verified ?? null;
}
