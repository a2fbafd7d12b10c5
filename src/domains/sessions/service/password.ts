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
 * A new password in the form that is hashed (NFKC). Throws InvalidInputError for one that is too
 * short, too long, common, or made of the words around it.
 */
export function checkNewPassword(
  field: string,
  password: string,
  around: { email: string; words?: readonly (string | null | undefined)[] } & PasswordPolicy,
): string {
  const [local = '', domain = ''] = around.email.split('@');
  const words = ['tenantry', local, ...domain.split('.'), ...(around.words ?? [])];
  const fault = findPasswordViolation(
    password,
    words.filter((word) => word != null && word.length >= 4) as string[],
    around.lengthMin,
  );
  if (fault !== null) throw new InvalidInputError(`"${field}" ${fault}.`, [field]);
  return normalizePassword(password);
}

export type ChangePasswordInput = {
  currentPassword: string;
  newPassword: string;
  /** Also end every API key that the person has made. */
  revokeApiKeys?: boolean | null | undefined;
};

/** Counts of what ended with the old password. */
export type PasswordChange = { revokedCount: number; revokedApiKeyCount: number };

/**
 * Changes the caller's password, ends all of its other sessions and, if asked, its API keys, and tells
 * its mailbox; returns how many ended. Throws InvalidInputError, InvalidCredentialsError (wrong current
 * password), RateLimitedError, UnavailableError.
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
    const isRight = await verifyPassword(ctx, currentHash, input.currentPassword);
    if (currentHash === null || !isRight) throw createRejection();
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

/** Ends all keys of the person, each told in the audit log of its tenant; returns how many. */
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
 * Checks a typed password. In place of an over-long one the empty one is hashed, which fits nothing:
 * its length costs nothing, and the answer comes no sooner than any other.
 */
export function verifyPassword(ctx: Ctx, hash: string | null, password: string): Promise<boolean> {
  return ctx.runtime.passwords.verify(hash, password.length <= 1024 ? password : '');
}
