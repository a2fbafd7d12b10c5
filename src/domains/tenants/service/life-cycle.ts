import { authorize, clearAccess, findAccess } from '../../../core/access/authorize.ts';
import { permission } from '../../../core/access/permissions.ts';
import { getPlatformScope } from '../../../core/access/scopes.ts';
import { ConflictError, InvalidInputError, NotFoundError } from '../../../core/app-error.ts';
import { type AuditAction, listChanges, recordAudit } from '../../../core/audit.ts';
import { type Ctx, requirePlatformAdmin, requireRecentSignIn } from '../../../core/context.ts';
import type { Tenant, TenantStatus } from '../../../core/entities.ts';
import { trimCode } from '../../../lib/blanks.ts';
import { changeTenantStatus, type TenantTransition } from '../queries/life-cycle.ts';

const deleteIt = permission('tenant:delete');

/** Audit action, target status and error message of each transition. */
const transitions: Record<
  TenantTransition,
  { action: AuditAction; to: readonly TenantStatus[]; rejection: string }
> = {
  suspend: {
    action: 'tenant.suspended',
    to: ['suspended'],
    rejection: 'Only an active tenant can be suspended; this one is pending deletion.',
  },
  resume: {
    action: 'tenant.resumed',
    to: ['active'],
    rejection: 'Only a suspended tenant can be resumed; this one is pending deletion.',
  },
  delete: {
    action: 'tenant.deletion_scheduled',
    to: ['pending_deletion'],
    rejection: 'This tenant cannot be deleted while it is suspended.',
  },
  restore: {
    action: 'tenant.restored',
    to: ['active', 'suspended'],
    rejection: 'The time in which this tenant could be restored is over.',
  },
};

/**
 * Refuses everything in a tenant from now on, on every process; its members only see that it is
 * suspended. Platform administrators only. Throws ForbiddenError, NotFoundError, ConflictError.
 */
export async function suspendTenant(ctx: Ctx, tenantId: string): Promise<Tenant> {
  requirePlatformAdmin(ctx);
  return await changeStatus(ctx, await getTenant(ctx, tenantId), 'suspend');
}

/** Takes a suspension back. Platform administrators only. Throws as suspendTenant. */
export async function resumeTenant(ctx: Ctx, tenantId: string): Promise<Tenant> {
  requirePlatformAdmin(ctx);
  return await changeStatus(ctx, await getTenant(ctx, tenantId), 'resume');
}

export type DeleteTenantInput = { tenantId: string; confirmSlug: string };

/**
 * Closes a tenant and has it erased after TENANT_DELETION_GRACE_DAYS; nothing is erased before.
 * Needs tenant:delete, a recent sign-in and the slug once more. Throws NotFoundError, ForbiddenError,
 * InvalidInputError (another slug), ConflictError.
 */
export async function deleteTenant(ctx: Ctx, input: DeleteTenantInput): Promise<Tenant> {
  const { tenant } = await authorize(ctx, { id: input.tenantId }, deleteIt);
  requireRecentSignIn(ctx);
  if (trimCode(input.confirmSlug) !== tenant.slug) {
    throw new InvalidInputError('"confirmSlug" is not the slug of this tenant.', ['confirmSlug']);
  }
  return await changeStatus(ctx, tenant, 'delete');
}

/**
 * Takes a deletion back while there is time, to the state the tenant had before. Needs
 * tenant:delete. Throws NotFoundError, ForbiddenError, ConflictError (too late).
 */
export async function restoreTenant(ctx: Ctx, tenantId: string): Promise<Tenant> {
  const { tenant } = await authorize(ctx, { id: tenantId }, deleteIt);
  return await changeStatus(ctx, tenant, 'restore');
}

async function getTenant(ctx: Ctx, tenantId: string): Promise<Tenant> {
  const access = await findAccess(ctx, { id: tenantId });
  if (access === null)
    throw new NotFoundError('This tenant does not exist or is not visible to you.');
  return access.tenant;
}

/**
 * Makes a transition. Asking again for what is so already changes nothing, and moves no date. No
 * tenant scope is needed: the database decides by the person, as most of these tenants show nothing.
 */
async function changeStatus(
  ctx: Ctx,
  before: Tenant,
  transition: TenantTransition,
): Promise<Tenant> {
  const { action, to, rejection } = transitions[transition];
  const graceDays = ctx.runtime.tenantDeletionGraceDays;
  const changed = await ctx.db.transaction(getPlatformScope(ctx), async (tx) => {
    const after = await changeTenantStatus(tx, before.id, transition, graceDays);
    if (after === null) return null;
    await recordAudit(ctx, tx, {
      action,
      tenantId: after.id,
      target: { type: 'Tenant', id: after.id },
      changes: listChanges(before, after, ['status', 'deletionAt']),
    });
    return after;
  });
  clearAccess(ctx);
  if (changed !== null) return changed;
  const now = await getTenant(ctx, before.id);
  if (to.includes(now.status)) return now;
  throw new ConflictError(rejection);
}
