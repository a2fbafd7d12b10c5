import { RateLimitedError } from '../../../core/app-error.ts';
import { recordAudit } from '../../../core/audit.ts';
import type { Ctx } from '../../../core/context.ts';
import { checkEmail } from '../../../core/input.ts';
import { enqueueMail, sealMail } from '../../../core/mail.ts';
import { noScope } from '../../../db/scope.ts';
import { createOneTimeToken, hashOneTimeToken } from '../../users/one-time-token.ts';
import { createTokenRefusal } from '../../users/service/verify-email.ts';
import { composePasswordChanged, composePasswordReset } from '../mails.ts';
import * as queries from '../queries/password-reset.ts';
import { leaveSession } from './current.ts';
import { checkNewPassword } from './password.ts';

/**
 * Mails a link for a new password to the user with this address. Unknown addresses and suspended
 * users get no mail, and whoever asks the same answer for the same statements. Raises
 * InvalidInputError (malformed e-mail), RateLimitedError (per address and per source, known or not).
 */
export async function requestPasswordReset(ctx: Ctx, input: { email: string }): Promise<void> {
  const email = checkEmail('email', input.email);
  const { id: requestId, ip } = ctx.request;
  // The source first: one that has used up its budget makes no rows for addresses it invents.
  requireNoWait(
    await ctx.db.write(noScope, (db) =>
      queries.reserveResetOfSource(db, ip, ctx.runtime.signInLimits),
    ),
  );
  const { token, hash } = createOneTimeToken('password_reset');
  const mail = sealMail(ctx, composePasswordReset(token));
  const request = { email, tokenHash: hash, mail, requestId, ip };
  requireNoWait(await ctx.db.write(noScope, (db) => queries.requestPasswordReset(db, request)));
  ctx.runtime.mail.wake();
}

function requireNoWait(seconds: number): void {
  if (seconds > 0) {
    throw new RateLimitedError('Too many requests. Please wait before you try again.', seconds);
  }
}

export type ResetPasswordInput = { token: string; newPassword: string };

/**
 * Sets a new password with a mailed token, ends all sessions of its user, and opens an account again
 * that failed sign-ins had shut; answers how many sessions ended. Signs nobody in. A password that is
 * refused leaves the token good. Raises InvalidInputError, UnavailableError.
 */
export async function resetPassword(ctx: Ctx, input: ResetPasswordInput): Promise<number> {
  const tokenHash = hashOneTimeToken('password_reset', input.token);
  if (tokenHash === null) throw createTokenRefusal();
  const email = await ctx.db.read(noScope, (db) => queries.findResetEmail(db, tokenHash));
  if (email === null) throw createTokenRefusal();
  const newPassword = checkNewPassword('newPassword', input.newPassword, {
    ...ctx.runtime.passwordPolicy,
    email,
  });
  const passwordHash = await ctx.runtime.passwords.hash(newPassword);
  const { userId, sessionsEnded } = await ctx.db.transaction(noScope, async (tx) => {
    const reset = await queries.resetPassword(tx, tokenHash, passwordHash);
    if (reset === null) throw createTokenRefusal();
    await recordAudit(ctx, tx, {
      action: 'password.reset',
      tenantId: null,
      target: { type: 'User', id: reset.userId },
      changes: { sessions: [reset.sessionsEnded, 0] },
    });
    await enqueueMail(ctx, tx, { to: reset.email, ...composePasswordChanged() });
    // Last, as in a sign-in, which locks this row last.
    await queries.reopenAccount(tx);
    return reset;
  });
  const { principal } = ctx;
  if (principal.kind === 'session' && principal.user.id === userId) leaveSession(ctx);
  return sessionsEnded;
}
