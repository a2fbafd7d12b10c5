import { getOwnScope } from '../../../core/access/scopes.ts';
import { InvalidInputError, RateLimitedError } from '../../../core/app-error.ts';
import { recordAudit } from '../../../core/audit.ts';
import { becomePrincipal, type Ctx, getSignedIn } from '../../../core/context.ts';
import type { User } from '../../../core/entities.ts';
import { enqueueMail } from '../../../core/mail.ts';
import type { Db } from '../../../db/database.ts';
import { noScope } from '../../../db/scope.ts';
import { composeVerification } from '../mails.ts';
import { createOneTimeToken, hashOneTimeToken } from '../one-time-token.ts';
import * as queries from '../queries/verification.ts';

/**
 * Mails the caller a link that verifies their address; earlier links become invalid. Returns true, and sends no mail,
 * if the address is already verified.
 * @throws RateLimitedError beyond one mail a minute and five an hour
 */
export async function requestEmailVerification(ctx: Ctx): Promise<boolean> {
  const { user } = getSignedIn(ctx);
  if (user.emailVerifiedAt !== null) return true;
  await ctx.db.transaction(getOwnScope(ctx), async (tx) => {
    const { id, email } = user;
    await sendVerification(ctx, tx, { email });
    await recordAudit(ctx, tx, {
      action: 'email.verification_requested',
      tenantId: null,
      target: { type: 'User', id },
    });
  });
  return false;
}

/** Adds the mail with the link to the outbox, in the scope of its user. @throws RateLimitedError */
export async function sendVerification(
  ctx: Ctx,
  tx: Db,
  { email }: Pick<User, 'email'>,
): Promise<void> {
  const { token, hash } = createOneTimeToken('email_verification');
  const seconds = await queries.createVerificationToken(tx, hash);
  if (seconds > 0) {
    throw new RateLimitedError(
      'A mail was sent a moment ago. Please check your inbox first.',
      seconds,
    );
  }
  await enqueueMail(ctx, tx, { to: email, ...composeVerification(token) });
}

/**
 * Verifies the address that the token was sent to, and returns it. A token works once, and only while the user still
 * has that address.
 * @throws InvalidInputError for an invalid token
 */
export async function verifyEmail(ctx: Ctx, token: string): Promise<string> {
  const hash = hashOneTimeToken('email_verification', token);
  if (hash === null) throw createTokenRejection();
  const { userId, email } = await ctx.db.transaction(noScope, async (tx) => {
    const verified = await queries.verifyEmail(tx, hash);
    if (verified === null) throw createTokenRejection();
    await recordAudit(ctx, tx, {
      action: 'email.verified',
      tenantId: null,
      target: { type: 'User', id: verified.userId },
      changes: { emailVerified: [verified.wasVerified, true] },
    });
    return verified;
  });
  refreshPrincipal(ctx, userId);
  return email;
}

/** The same error for every invalid token, so that it does not reveal the reason. */
export function createTokenRejection(): InvalidInputError {
  return new InvalidInputError('This link is no longer valid. Please request a new one.', [
    'token',
  ]);
}

/** Shows the rest of the operation the verified address of the caller. */
function refreshPrincipal(ctx: Ctx, userId: string): void {
  const { principal } = ctx;
  if (principal.kind !== 'session' || principal.user.id !== userId) return;
  const user = { ...principal.user, emailVerifiedAt: principal.user.emailVerifiedAt ?? new Date() };
  becomePrincipal(ctx, { ...principal, user });
}
