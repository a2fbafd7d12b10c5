import { getOwnScope, getPlatformScope } from '../../core/access/scopes.ts';
import { createNotFound, ForbiddenError } from '../../core/app-error.ts';
import { recordAudit } from '../../core/audit.ts';
import {
  type Ctx,
  findBoundTenantId,
  findSignedInUserId,
  getAuthenticated,
  isPlatformAdmin,
} from '../../core/context.ts';
import { checkReason, type UserIdInput } from '../users/service/suspend.ts';
import { findPersonalData } from './queries.ts';
import { type PersonalDataDocument, toDocument } from './rules.ts';

/**
 * Everything that is kept about a person as one document (GDPR, articles 15 and 20): profile,
 * memberships, sessions, API keys and audit log, and no secret. For the user themselves, in a session that
 * is not bound to a tenant, or for platform administrators; that it was handed out stands in the
 * person's audit log. Throws ForbiddenError, NotFoundError, InvalidInputError.
 */
export async function exportUserData(ctx: Ctx, input: UserIdInput): Promise<PersonalDataDocument> {
  getAuthenticated(ctx);
  const { userId } = input;
  const reason = checkReason(input);
  const isOwn = findSignedInUserId(ctx) === userId;
  if (!isOwn && !isPlatformAdmin(ctx)) {
    throw new ForbiddenError('Only the user themselves or a platform administrator can do this.');
  }
  if (isOwn && findBoundTenantId(ctx) !== null) {
    throw new ForbiddenError(
      'This session is bound to one tenant and cannot see all data of its user.',
    );
  }
  const scope = isOwn ? getOwnScope(ctx) : getPlatformScope(ctx);
  return await ctx.db.transaction(scope, async (tx) => {
    const data = await findPersonalData(tx, userId);
    if (data === null) throw createNotFound('user');
    await recordAudit(ctx, tx, {
      action: 'user.data_exported',
      tenantId: null,
      subjectId: userId,
      target: { type: 'User', id: userId },
      changes: reason === null ? {} : { reason: [null, reason] },
    });
    return toDocument(data, new Date());
  });
}
