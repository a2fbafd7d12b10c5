import { requirePermission } from '../../../core/access/authorize.ts';
import { allPermissions, type Permission } from '../../../core/access/permissions.ts';
import { getTenantScope } from '../../../core/access/scopes.ts';
import {
  type Ctx,
  findActorId,
  isPlatformAdmin,
  limitToCredential,
} from '../../../core/context.ts';
import type { Db } from '../../../db/database.ts';
import { lockTenant } from '../../tenants/queries.ts';
import { listRightsOf } from '../queries.ts';

/**
 * Locks the tenant until the transaction ends and returns the caller's permissions in it then: what was read before
 * may have been taken away meanwhile. Throws ForbiddenError where the permission is among them no longer.
 */
export async function lockTenantFor(
  ctx: Ctx,
  tx: Db,
  tenantId: string,
  permission: Permission,
): Promise<ReadonlySet<string>> {
  await lockTenant(tx, tenantId);
  const permissions = limitToCredential<string>(
    ctx,
    isPlatformAdmin(ctx) ? allPermissions : await listRightsOf(tx, tenantId, findActorId(ctx)),
  );
  requirePermission(permissions, permission);
  return permissions;
}

/** Runs work in one transaction of the tenant's scope while the tenant is locked. Throws as lockTenantFor, and as work. */
export function inLockedTenant<T>(
  ctx: Ctx,
  tenantId: string,
  permission: Permission,
  work: (tx: Db, permissions: ReadonlySet<string>) => Promise<T>,
): Promise<T> {
  return ctx.db.transaction(getTenantScope(ctx, tenantId), async (tx) =>
    work(tx, await lockTenantFor(ctx, tx, tenantId, permission)),
  );
}
