import { getScopeOfUser } from '../../../core/access/scopes.ts';
import { ConflictError, InvalidInputError } from '../../../core/app-error.ts';
import { recordAudit } from '../../../core/audit.ts';
import type { Ctx } from '../../../core/context.ts';
import type { User } from '../../../core/entities.ts';
import { type IdempotentInput, transactOnce } from '../../../core/idempotency.ts';
import { checkEmail, checkOptionalText } from '../../../core/input.ts';
import type { Db } from '../../../db/database.ts';
import { isConstraintViolation } from '../../../db/error-map.ts';
import { createUuidV7 } from '../../../lib/uuid.ts';
import { checkNewTenant, createRecordedTenant, withSlugConflict } from '../../tenants/service.ts';
import { createUser, listVisibleUsers } from '../../users/queries.ts';
import { sendVerification } from '../../users/service/verify-email.ts';
import { userNameMax } from '../../users/service.ts';
import { createPassword, noteSignIn } from '../queries.ts';
import { endReplacedSession, enterRememberedSession, enterSession } from './current.ts';
import { type OpenedSession, openSession } from './open.ts';
import { checkNewPassword } from './password.ts';
import { reserveSignUp } from './sign-in-budget.ts';

export type SignUpInput = IdempotentInput & {
  email: string;
  password: string;
  name?: string | null | undefined;
  tenantName?: string | null | undefined;
  tenantSlug?: string | null | undefined;
};

export type SignedUp = OpenedSession & { user: User; tenantId: string | null };

/**
 * Creates a user, signs them in, mails a link to verify their address and, with a tenant name, creates a tenant that
 * they own, all in one transaction.
 * @throws InvalidInputError, ConflictError if the address or the given slug is taken or the first call with the
 * idempotency key is still running, RateLimitedError, UnavailableError
 */
export async function signUp(ctx: Ctx, input: SignUpInput): Promise<SignedUp> {
  const email = checkEmail('email', input.email);
  const name = checkOptionalText('name', input.name, userNameMax) ?? null;
  const tenant = checkTenantOf(input);
  const password = checkNewPassword('password', input.password, {
    ...ctx.runtime.passwordPolicy,
    email,
    words: [tenant?.slugs[0]],
  });
  await reserveSignUp(ctx);
  const passwordHash = await ctx.runtime.passwords.hash(password);
  const id = createUuidV7();
  const once = { mutation: 'signUp', input, scope: getScopeOfUser(id), newUserId: id };
  const signedUp = await withEmailConflict(() =>
    withSlugConflict('tenantSlug', () =>
      transactOnce(ctx, once, async (tx) => {
        await createUser(tx, { id, email, name });
        await createPassword(tx, id, passwordHash);
        await recordSignUp(ctx, tx, id);
        await sendVerification(ctx, tx, { email });
        if (tenant) await createRecordedTenant(ctx, tx, id, tenant);
        await noteSignIn(tx, id);
        const opened = await openSession(ctx, tx, {
          userId: id,
          isPlatformAdmin: false,
          tenantId: null,
        });
        const [user] = await listVisibleUsers(tx, id, [id], null);
        if (!user) throw new Error('A user that was just created must be visible to themselves.');
        return { ...opened, user, tenantId: tenant?.id ?? null };
      }),
    ),
  );
  await endReplacedSession(ctx, signedUp.session);
  const entered =
    input.idempotencyKey == null
      ? enterSession(ctx, signedUp.user, signedUp)
      : await enterRememberedSession(ctx, signedUp);
  return { ...signedUp, ...entered };
}

function recordSignUp(ctx: Ctx, tx: Db, userId: string): Promise<void> {
  return recordAudit(ctx, tx, {
    action: 'user.signed_up',
    tenantId: null,
    target: { type: 'User', id: userId },
  });
}

function checkTenantOf(input: SignUpInput) {
  if (input.tenantName == null) {
    if (input.tenantSlug == null) return null;
    throw new InvalidInputError('"tenantSlug" requires "tenantName".', ['tenantName']);
  }
  const { tenantName: name, tenantSlug: slug } = input;
  return checkNewTenant({ name, slug }, 'tenantName', 'tenantSlug');
}

async function withEmailConflict<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isConstraintViolation(error, 'users_email_unique')) throw error;
    throw new ConflictError('This e-mail address is already signed up.', ['email']);
  }
}
