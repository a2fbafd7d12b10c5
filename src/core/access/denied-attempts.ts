import { ForbiddenError } from '../app-error.ts';
import type { Ctx } from '../context.ts';
import { getTenantScope } from './scopes.ts';

/**
 * Records a mutation that lacked a permission in the audit log of the tenant: the 1st, 10th, 100th … per hour, actor
 * and mutation. Records nothing for callers outside the tenant, nor if only a recent sign-in is missing. Uses its own
 * transaction, because the mutation's was rolled back. Throws nothing: a failure is logged.
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
