import { authorize, clearAccess, findAccess } from '../../../core/access/authorize.ts';
import { permission } from '../../../core/access/permissions.ts';
import { getPlatformScope } from '../../../core/access/scopes.ts';
import { ConflictError, createNotFound, InvalidInputError } from '../../../core/app-error.ts';
import { type AuditAction, listChanges, recordAudit } from '../../../core/audit.ts';
import { type Ctx, requirePlatformAdmin, requireRecentSignIn } from '../../../core/context.ts';
import type { Tenant, TenantStatus } from '../../../core/entities.ts';
import { trimCode } from '../../../lib/blanks.ts';
import { changeTenantStatus, type TenantTransition } from '../queries/life-cycle.ts';

const deletePermission = permission('tenant:delete');

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
 * Suspends a tenant: every process rejects all access to it, and its members see only that it is suspended. Platform
 * administrators only.
 * @throws ForbiddenError, NotFoundError, ConflictError while its deletion is pending
 */
export async function suspendTenant(ctx: Ctx, tenantId: string): Promise<Tenant> {
  requirePlatformAdmin(ctx);
  return await changeStatus(ctx, await getTenant(ctx, tenantId), 'suspend');
}

/** Ends the suspension of a tenant. Platform administrators only. @throws the errors of suspendTenant */
export async function resumeTenant(ctx: Ctx, tenantId: string): Promise<Tenant> {
  requirePlatformAdmin(ctx);
  return await changeStatus(ctx, await getTenant(ctx, tenantId), 'resume');
}

export type DeleteTenantInput = { tenantId: string; confirmSlug: string };

/**
 * Closes a tenant and schedules its erasure in TENANT_DELETION_GRACE_DAYS. Requires tenant:delete, a recent sign-in and
 * the slug as a confirmation.
 * @throws NotFoundError, ForbiddenError, InvalidInputError for another slug, ConflictError while it is suspended
 */
export async function deleteTenant(ctx: Ctx, input: DeleteTenantInput): Promise<Tenant> {
  const { tenant } = await authorize(ctx, { id: input.tenantId }, deletePermission);
  requireRecentSignIn(ctx);
  if (trimCode(input.confirmSlug) !== tenant.slug) {
    throw new InvalidInputError('"confirmSlug" is not the slug of this tenant.', ['confirmSlug']);
  }
  return await changeStatus(ctx, tenant, 'delete');
}

/**
 * Cancels a pending deletion; the tenant gets its previous status back. Requires tenant:delete.
 * @throws NotFoundError, ForbiddenError, ConflictError if it is too late
 */
export async function restoreTenant(ctx: Ctx, tenantId: string): Promise<Tenant> {
  const { tenant } = await authorize(ctx, { id: tenantId }, deletePermission);
  return await changeStatus(ctx, tenant, 'restore');
}

async function getTenant(ctx: Ctx, tenantId: string): Promise<Tenant> {
  const access = await findAccess(ctx, { id: tenantId });
  if (access === null) throw createNotFound('tenant');
  return access.tenant;
}

/**
 * Makes a transition. Does nothing, and moves no date, if the tenant already has the target status. Runs without a
 * tenant scope, which shows no closed tenant: the database authorizes the user instead.
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
