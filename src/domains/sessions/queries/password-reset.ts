import type { SealedMail } from '../../../core/mail.ts';
import type { Db } from '../../../db/database.ts';
import type { TokenHash } from '../../../lib/token.ts';
import { lifetimeSeconds, mailBudget } from '../../users/one-time-token.ts';

/** How many mails strangers can cause in one mailbox: this many in an hour, then one in `spacingSeconds`. */
const floodLimits = { mailsMax: 10, spacingSeconds: 600 };

/** A request for a reset; whether there is an account is not known yet. */
export type ResetRequest = {
  email: string;
  tokenHash: TokenHash;
  mail: SealedMail;
  requestId: string;
  ip: string | null;
};

/**
 * Stores the request and looks nobody up. 0: stored; more: seconds to wait, counted per source and per source and
 * address.
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

/** Settles the oldest request: token, mail and audit entry if there is such a user. False where there is none. */
export async function settleResetRequest(tx: Db): Promise<boolean> {
  const [row] = await tx.$queryRaw<[{ wasFound: boolean }]>`
    select settle_reset_request(${lifetimeSeconds.password_reset}::int, ${floodLimits.mailsMax}::int,
      ${floodLimits.spacingSeconds}::int) as "wasFound"`;
  return row.wasFound;
}

/** The address that a token was sent to, while the token is good; or null. */
export async function findResetEmail(db: Db, tokenHash: TokenHash): Promise<string | null> {
  const [found] = await db.$queryRaw<{ email: string }[]>`
    select email from find_one_time_token('password_reset', ${tokenHash})`;
  return found?.email ?? null;
}

/** Whose password was set, how many sessions ended, and whether the address had been proven before. */
export type PasswordReset = {
  userId: string;
  email: string;
  sessionsEnded: number;
  wasVerified: boolean;
};

/**
 * Uses the token up, sets the password and ends all sessions; the rest of the transaction acts as the
 * user. Null for a token that is not valid.
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

/** Revokes all pending invitations that the scope's user has sent, in whatever tenant. */
export function revokeOwnInvitations(tx: Db): Promise<{ id: string; tenantId: string }[]> {
  return tx.$queryRaw<{ id: string; tenantId: string }[]>`
    select id, tenant_id as "tenantId" from revoke_own_invitations()`;
}

/** Forgets the failed sign-ins of the scope's user, also those that shut the account. */
export async function reopenAccount(tx: Db): Promise<void> {
  await tx.$queryRaw`select reopen_account()::text`;
}
