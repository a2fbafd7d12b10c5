import type { SealedMail } from '../../../core/mail.ts';
import type { Db } from '../../../db/database.ts';
import type { TokenHash } from '../../../lib/token.ts';
import { lifetimeSeconds, mailBudget } from '../../users/one-time-token.ts';

/** Limits of reset mails to one mailbox, across all callers: `mailsMax` in an hour, then one every `spacingSeconds`. */
const floodLimits = { mailsMax: 10, spacingSeconds: 600 };

/** A password reset request; the account has not been looked up yet. */
export type ResetRequest = {
  email: string;
  tokenHash: TokenHash;
  mail: SealedMail;
  requestId: string;
  ip: string | null;
};

/**
 * Stores a request without looking up the account. Returns the seconds to wait, per source and per source and address;
 * 0 if it is stored.
 */
export async function storeResetRequest(
  db: Db,
  request: ResetRequest,
  { signUpsMax, windowSeconds }: { signUpsMax: number; windowSeconds: number },
): Promise<number> {
  const { mail } = request;
  const [row] = await db.$queryRaw<[{ seconds: number }]>`
    select store_reset_request(${request.email}, ${request.tokenHash}, ${mail.message},
      ${mail.isForInbox}, ${request.requestId}, ${request.ip}::inet, ${signUpsMax}::int,
      ${windowSeconds}::int, ${mailBudget.mailsMax}::int, ${mailBudget.windowSeconds}::int,
      ${mailBudget.spacingSeconds}::int) as seconds`;
  return row.seconds;
}

/**
 * Processes the oldest request: creates token, mail and audit entry if the user exists. Returns false if no request is
 * left.
 */
export async function settleResetRequest(tx: Db): Promise<boolean> {
  const [row] = await tx.$queryRaw<[{ wasFound: boolean }]>`
    select settle_reset_request(${lifetimeSeconds.password_reset}::int, ${floodLimits.mailsMax}::int,
      ${floodLimits.spacingSeconds}::int) as "wasFound"`;
  return row.wasFound;
}

/** Finds the address that a valid token was sent to. */
export async function findResetEmail(db: Db, tokenHash: TokenHash): Promise<string | null> {
  const [found] = await db.$queryRaw<{ email: string }[]>`
    select email from find_one_time_token('password_reset', ${tokenHash})`;
  return found?.email ?? null;
}

/** The user, the number of ended sessions, and whether the address was verified before. */
export type PasswordReset = {
  userId: string;
  email: string;
  sessionsEnded: number;
  wasVerified: boolean;
};

/**
 * Uses up the token, sets the password and ends all sessions; the rest of the transaction acts as the user. Returns
 * null for an invalid token.
 */
export async function resetPassword(
  tx: Db,
  tokenHash: TokenHash,
  passwordHash: string,
): Promise<PasswordReset | null> {
  const [reset] = await tx.$queryRaw<PasswordReset[]>`
    select user_id as "userId", email, sessions_ended as "sessionsEnded", was_verified as "wasVerified"
    from reset_password_with_link(${tokenHash}, ${passwordHash})`;
  return reset ?? null;
}

/** Revokes all pending invitations that the scope's user sent, in all tenants. */
export function revokeOwnInvitations(tx: Db): Promise<{ id: string; tenantId: string }[]> {
  return tx.$queryRaw<{ id: string; tenantId: string }[]>`
    select id, tenant_id as "tenantId" from revoke_own_invitations()`;
}

/** Deletes the failed sign-ins of the scope's user, which also unlocks the account. */
export async function reopenAccount(tx: Db): Promise<void> {
  await tx.$queryRaw`select reopen_account()::text`;
}
