import type { Db } from '../../../db/database.ts';
import type { TokenHash } from '../../../lib/token.ts';
import { lifetimeSeconds, mailBudget } from '../one-time-token.ts';

/** A token of the scope's user, in place of the one before. 0: made; more: seconds to wait. */
export async function createVerificationToken(tx: Db, hash: TokenHash): Promise<number> {
  const { mailsMax, windowSeconds, spacingSeconds } = mailBudget;
  const [row] = await tx.$queryRaw<[{ seconds: number }]>`
    select create_verification_token(${hash}, ${lifetimeSeconds.email_verification}::int,
      ${mailsMax}::int, ${windowSeconds}::int, ${spacingSeconds}::int) as seconds`;
  return row.seconds;
}

/** Whose address was proven. */
export type VerifiedEmail = { userId: string; email: string; wasVerified: boolean };

/**
 * Uses the token up and marks the address; the rest of the transaction acts as its user. Null for a
 * token that is not valid.
 */
export async function verifyEmail(tx: Db, hash: TokenHash): Promise<VerifiedEmail | null> {
  const [verified] = await tx.$queryRaw<VerifiedEmail[]>`
    select user_id as "userId", email, was_verified as "wasVerified" from verify_email(${hash})`;
  return verified ?? null;
}
