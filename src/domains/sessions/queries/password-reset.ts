import type { SealedMail } from '../../../core/mail.ts';
import type { Db } from '../../../db/database.ts';
import type { TokenHash } from '../../../lib/token.ts';
import { lifetimeSeconds, mailBudget } from '../../users/one-time-token.ts';

/** Counts a request for a source. 0: go ahead; more: seconds to wait. */
export async function reserveResetOfSource(
  db: Db,
  source: string | null,
  { signUpsMax, windowSeconds }: { signUpsMax: number; windowSeconds: number },
): Promise<number> {
  const [row] = await db.$queryRaw<[{ seconds: number }]>`
    select reserve_mail('reset-' || coalesce(source_bucket(${source}::inet), 'source:unknown'),
      ${signUpsMax}::int, ${windowSeconds}::int, 0) as seconds`;
  return row.seconds;
}

/** What a reset takes, whoever it turns out to be for. */
export type ResetRequest = {
  email: string;
  tokenHash: TokenHash;
  mail: SealedMail;
  requestId: string;
  ip: string | null;
};

/**
 * Token, mail and trail, if the address is an active user's; else only the count of the request. 0:
 * done; more: seconds to wait.
 */
export async function requestPasswordReset(db: Db, request: ResetRequest): Promise<number> {
  const { mailsMax, windowSeconds, spacingSeconds } = mailBudget;
  const [row] = await db.$queryRaw<[{ seconds: number }]>`
    select request_password_reset(${request.email}, ${request.tokenHash},
      ${lifetimeSeconds.password_reset}::int, ${request.mail.message}, ${request.mail.isForInbox},
      ${request.requestId}, ${request.ip}::inet, ${mailsMax}::int, ${windowSeconds}::int,
      ${spacingSeconds}::int) as seconds`;
  return row.seconds;
}

/** The address that a token was sent to, while the token is good; or null. */
export async function findResetEmail(db: Db, tokenHash: TokenHash): Promise<string | null> {
  const [found] = await db.$queryRaw<{ email: string }[]>`
    select email from find_one_time_token('password_reset', ${tokenHash})`;
  return found?.email ?? null;
}

/** Whose password was set, and how many sessions ended. */
export type PasswordReset = { userId: string; email: string; sessionsEnded: number };

/**
 * Uses the token up, sets the password and ends all sessions; the rest of the transaction acts as the
 * user. Null for a token that is not good.
 */
export async function resetPassword(
  tx: Db,
  tokenHash: TokenHash,
  passwordHash: string,
): Promise<PasswordReset | null> {
  const [reset] = await tx.$queryRaw<PasswordReset[]>`
    select user_id as "userId", email, sessions_ended as "sessionsEnded"
    from reset_password(${tokenHash}, ${passwordHash})`;
  return reset ?? null;
}

/** Forgets the failed sign-ins of the scope's user, also those that shut the account. */
export async function reopenAccount(tx: Db): Promise<void> {
  await tx.$queryRaw`select reopen_account()::text`;
}
