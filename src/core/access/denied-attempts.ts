import { ForbiddenError } from '../app-error.ts';
import type { Ctx } from '../context.ts';
import { getTenantScope } from './scopes.ts';

/**
 * Records that the mutation was refused for want of a permission, in the audit log of the tenant that the
 * caller was let into: the 1st, 10th, 100th … of an hour, per actor and mutation. Nothing is recorded for
 * callers who do not belong to a tenant, nor where a fresh sign-in is all that is missing. In a transaction of its
 * own, since that of the mutation was rolled back. Throws nothing: the error stands whether or not it can be
 * recorded.
 */
export async function recordDeniedAttempt(
  ctx: Ctx,
  mutation: string,
  error: unknown,
): Promise<void> {
  const tenantId = ctx.enteredTenantId;
  if (!(error instanceof ForbiddenError) || error.reason !== null || tenantId == null) return;
  const { id, ip } = ctx.request;
  try {
    await ctx.db.write(
      getTenantScope(ctx, tenantId),
      (db) => db.$queryRaw`
        select record_denied_attempt(${tenantId}::uuid, ${mutation}, ${error.message}, ${id},
          ${ip}::inet)::text`,
    );
  } catch (err) {
    ctx.log.warn({ err, requestId: id }, 'denied attempt could not be recorded');
  }
}
