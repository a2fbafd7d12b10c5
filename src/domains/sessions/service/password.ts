import { getOwnScope } from '../../../core/access/scopes.ts';
import { InvalidCredentialsError, InvalidInputError } from '../../../core/app-error.ts';
import { recordAudit } from '../../../core/audit.ts';
import { type Ctx, getSignedIn } from '../../../core/context.ts';
import { enqueueMail } from '../../../core/mail.ts';
import type { PasswordPolicy } from '../../../core/runtime.ts';
import type { Db } from '../../../db/database.ts';
import { findPasswordViolation, normalizePassword } from '../../../lib/password-rules.ts';
import { composePasswordChanged } from '../mails.ts';
import { revokeOwnApiKeys } from '../queries/own-api-keys.ts';
import * as queries from '../queries.ts';
import { attemptSignIn, releaseSignIn } from './sign-in-budget.ts';

/**
 * Returns a new password in the form that is hashed (NFKC).
 * @throws InvalidInputError if it is too short, too long, common, or built from the words of its context
 */
export function checkNewPassword(
  field: string,
  password: string,
  context: { email: string; words?: readonly (string | null | undefined)[] } & PasswordPolicy,
): string {
  const [local = '', domain = ''] = context.email.split('@');
  const words = ['tenantry', local, ...domain.split('.'), ...(context.words ?? [])];
  const violation = findPasswordViolation(
    password,
    words.filter((word) => word != null && word.length >= 4) as string[],
    context.lengthMin,
  );
  if (violation !== null) throw new InvalidInputError(`"${field}" ${violation}.`, [field]);
  return normalizePassword(password);
}

export type ChangePasswordInput = {
  currentPassword: string;
  newPassword: string;
  /** Also revokes every API key that the user created. */
  revokeApiKeys?: boolean | null | undefined;
};

/** Numbers of ended sessions and revoked API keys. */
export type PasswordChange = { revokedCount: number; revokedApiKeyCount: number };

/**
 * Changes the caller's password, ends all their other sessions, revokes their API keys if requested, and notifies them
 * by mail.
 * @throws InvalidInputError, InvalidCredentialsError for a wrong current password, RateLimitedError, UnavailableError
 */
export async function changePassword(
  ctx: Ctx,
  input: ChangePasswordInput,
): Promise<PasswordChange> {
  const { user, session } = getSignedIn(ctx);
  const newPassword = checkNewPassword('newPassword', input.newPassword, {
    ...ctx.runtime.passwordPolicy,
    email: user.email,
  });
  return await attemptSignIn(ctx, { email: user.email, holdsSession: true }, async (found) => {
    const currentHash = found?.passwordHash ?? null;
    const isMatch = await verifyPassword(ctx, currentHash, input.currentPassword);
    if (currentHash === null || !isMatch) throw createRejection();
    const passwordHash = await ctx.runtime.passwords.hash(newPassword);
    return await ctx.db.transaction(getOwnScope(ctx), async (tx) => {
      const change = { from: currentHash, to: passwordHash };
      if (!(await queries.updatePassword(tx, user.id, change))) throw createRejection();
      const revokedCount = await queries.deleteSessions(tx, {
        userId: user.id,
        exceptId: session.id,
      });
      await recordAudit(ctx, tx, {
        action: 'password.changed',
        tenantId: null,
        target: { type: 'User', id: user.id },
      });
      const revokedApiKeyCount = input.revokeApiKeys ? await endOwnApiKeys(ctx, tx) : 0;
      await enqueueMail(ctx, tx, { to: user.email, ...composePasswordChanged() });
      await releaseSignIn(ctx, tx, user.email);
      return { revokedCount, revokedApiKeyCount };
    });
  });
}

/** Revokes all API keys of the scope's user, each recorded in the audit log of its tenant; returns how many. */
export async function endOwnApiKeys(ctx: Ctx, tx: Db): Promise<number> {
  const keys = await revokeOwnApiKeys(tx);
  for (const { id, tenantId } of keys) {
    await recordAudit(ctx, tx, {
      action: 'api_key.revoked',
      tenantId,
      target: { type: 'ApiKey', id },
    });
  }
  return keys.length;
}

function createRejection(): InvalidCredentialsError {
  return new InvalidCredentialsError('The current password is incorrect.');
}

/**
 * Checks a password as typed. Instead of an over-long one the empty one is verified, which never matches: the length
 * costs nothing, and the duration is that of any other check.
 */
export function verifyPassword(ctx: Ctx, hash: string | null, password: string): Promise<boolean> {
  return ctx.runtime.passwords.verify(hash, password.length <= 1024 ? password : '');
}
