import { findAccess } from '../../core/access.ts';
import type { Ctx } from '../../core/context.ts';
import { createLoader } from '../../core/loader.ts';
import type { Tenant, User } from '../../core/records.ts';
import { getPlatformScope, getTenantScope } from '../../core/scopes.ts';
import { listOwners } from './queries.ts';

/** Tenants by id, null where the caller does not belong. */
export const tenantLoader = createLoader<string, Tenant | null>((ctx, tenantIds) =>
  Promise.all(tenantIds.map(async (id) => (await findAccess(ctx, { id }))?.tenant ?? null)),
);

/** The tenant something is bound to, where it is bound to one and the caller belongs there. */
export async function findTenantOf(ctx: Ctx, tenantId: string | null): Promise<Tenant | null> {
  return tenantId === null ? null : await tenantLoader(ctx).load(tenantId);
}

/**
 * Owners by tenant. One statement for one tenant or, for a platform administrator, for all of them;
 * a member of several tenants reads each in its own scope.
 */
export const ownersLoader = createLoader<string, readonly User[]>(async (ctx, tenantIds) => {
  const platform = getPlatformScope(ctx);
  const groups = platform.platform ? [tenantIds] : tenantIds.map((id) => [id]);
  const owners = await Promise.all(
    groups.map((ids) => {
      const scope = platform.platform ? platform : getTenantScope(ctx, ids[0] ?? '');
      return ctx.db.read(scope, (db) => listOwners(db, ids));
    }),
  );
  const byTenant = Map.groupBy(owners.flat(), ({ tenantId }) => tenantId);
  return tenantIds.map((id) => byTenant.get(id) ?? []);
});
