import { RateLimitedError } from '../../../core/app-error.ts';
import { recordAudit } from '../../../core/audit.ts';
import type { Ctx } from '../../../core/context.ts';
import { checkEmail } from '../../../core/input.ts';
import { enqueueMail, sealMail } from '../../../core/mail.ts';
import type { Db } from '../../../db/database.ts';
import { noScope } from '../../../db/scope.ts';
import { createOneTimeToken, hashOneTimeToken } from '../../users/one-time-token.ts';
import { createTokenRejection } from '../../users/service/verify-email.ts';
import { composeAddressClaimed, composePasswordChanged, composePasswordReset } from '../mails.ts';
import * as queries from '../queries/password-reset.ts';
import { leaveSession } from './current.ts';
import { checkNewPassword, endOwnApiKeys, type PasswordChange } from './password.ts';

/**
 * Requests a mail with a link to set a new password. The account is looked up later, in the background
 * (settle-resets.ts), so the request does the same work for every address.
 * @throws InvalidInputError for a malformed address, RateLimitedError per source and per source and address, known or
 * not
 */
export async function requestPasswordReset(ctx: Ctx, input: { email: string }): Promise<void> {
  const email = checkEmail('email', input.email);
  const { id: requestId, ip } = ctx.request;
  const { token, hash } = createOneTimeToken('password_reset');
  const mail = sealMail(ctx, composePasswordReset(token));
  const request = { email, tokenHash: hash, mail, requestId, ip };
  const seconds = await ctx.db.write(noScope, (db) =>
    queries.storeResetRequest(db, request, ctx.runtime.signInLimits),
  );
  if (seconds > 0) {
    throw new RateLimitedError('Too many requests. Please wait before you try again.', seconds);
  }
  ctx.runtime.wakeResets();
}

export type ResetPasswordInput = {
  token: string;
  newPassword: string;
  /** Also revokes every API key that the user created. */
  revokeApiKeys?: boolean | null | undefined;
};

/**
 * Sets a new password with a mailed token, ends all sessions of its user, revokes their API keys if requested, and
 * unlocks an account that failed sign-ins have locked. Signs nobody in. A rejected password leaves the token valid. If
 * the address was never verified, someone else may have created the account: its API keys and sent invitations are then
 * always revoked.
 * @throws InvalidInputError, UnavailableError
 */
export async function resetPassword(ctx: Ctx, input: ResetPasswordInput): Promise<PasswordChange> {
  const tokenHash = hashOneTimeToken('password_reset', input.token);
  if (tokenHash === null) throw createTokenRejection();
  const email = await ctx.db.read(noScope, (db) => queries.findResetEmail(db, tokenHash));
  if (email === null) throw createTokenRejection();
  const newPassword = checkNewPassword('newPassword', input.newPassword, {
    ...ctx.runtime.passwordPolicy,
    email,
  });
  const passwordHash = await ctx.runtime.passwords.hash(newPassword);
  const { userId, ...ended } = await ctx.db.transaction(noScope, async (tx) => {
    const reset = await queries.resetPassword(tx, tokenHash, passwordHash);
    if (reset === null) throw createTokenRejection();
    const { wasVerified, sessionsEnded: revokedCount } = reset;
    await recordAudit(ctx, tx, {
      action: 'password.reset',
      tenantId: null,
      target: { type: 'User', id: reset.userId },
      changes: {
        sessions: [revokedCount, 0],
        ...(wasVerified ? {} : { emailVerified: [false, true] as const }),
      },
    });
    const endsKeys = !wasVerified || (input.revokeApiKeys ?? false);
    const revokedApiKeyCount = endsKeys ? await endOwnApiKeys(ctx, tx) : 0;
    if (!wasVerified) await endOwnInvitations(ctx, tx);
    await enqueueMail(ctx, tx, {
      to: reset.email,
      ...(wasVerified ? composePasswordChanged() : composeAddressClaimed()),
    });
    // Last, because a sign-in also locks this row last.
    await queries.reopenAccount(tx);
    return { userId: reset.userId, revokedCount, revokedApiKeyCount };
  });
  const { principal } = ctx;
  if (principal.kind === 'session' && principal.user.id === userId) leaveSession(ctx);
  return ended;
}

/** Revokes the invitations that the scope's user sent, each recorded in the audit log of its tenant. */
async function endOwnInvitations(ctx: Ctx, tx: Db): Promise<void> {
  for (const { id, tenantId } of await queries.revokeOwnInvitations(tx)) {
    await recordAudit(ctx, tx, {
      action: 'invitation.revoked',
      tenantId,
      target: { type: 'Invitation', id },
      changes: { status: ['pending', 'revoked'] },
    });
  }
}
