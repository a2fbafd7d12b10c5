import { findAccess } from '../../core/access/authorize.ts';
import { getPlatformScope, getTenantScope } from '../../core/access/scopes.ts';
import { NotFoundError } from '../../core/app-error.ts';
import type { Ctx } from '../../core/context.ts';
import { createLoader, inOrderOf } from '../../core/data/loader.ts';
import type { Tenant, User } from '../../core/entities.ts';
import type { Db } from '../../db/database.ts';
import {
  listPolicies,
  listUsages,
  type TenantPolicy,
  type TenantUsage,
} from './queries/settings.ts';
import { listOwners } from './queries.ts';

/** Tenants by id, null where the caller does not belong. */
export const tenantLoader = createLoader<string, Tenant | null>((ctx, tenantIds) =>
  Promise.all(tenantIds.map(async (id) => (await findAccess(ctx, { id }))?.tenant ?? null)),
);

/** The tenant something is bound to, where it is bound to one and the caller belongs there. */
export async function findTenantOf(ctx: Ctx, tenantId: string | null): Promise<Tenant | null> {
  return tenantId === null ? null : await tenantLoader(ctx).load(tenantId);
}

/** Owners by tenant. */
export const ownersLoader = createLoader<string, readonly User[]>(async (ctx, tenantIds) => {
  const owners = await readInScopes(ctx, tenantIds, listOwners);
  const byTenant = Map.groupBy(owners, ({ tenantId }) => tenantId);
  return tenantIds.map((id) => byTenant.get(id) ?? []);
});

/** Settings and limits of tenants. The caller is authorized for `tenant:read`. */
export const policyLoader = createLoader<string, TenantPolicy>((ctx, tenantIds) =>
  loadInScopes(ctx, tenantIds, listPolicies),
);

/** Usage of tenants. The caller is authorized for `tenant:read`. */
export const usageLoader = createLoader<string, TenantUsage>((ctx, tenantIds) =>
  loadInScopes(ctx, tenantIds, listUsages),
);

/** One row per tenant, in their order: each read in its own scope, or all in the platform's. */
async function loadInScopes<Row extends { tenantId: string }>(
  ctx: Ctx,
  tenantIds: readonly string[],
  list: (db: Db, tenantIds: readonly string[]) => Promise<Row[]>,
): Promise<(Row | Error)[]> {
  const rows = await readInScopes(ctx, tenantIds, list);
  const found = inOrderOf(tenantIds, rows, ({ tenantId }) => tenantId);
  return found.map(
    (row) => row ?? new NotFoundError('This tenant does not exist or is not visible to you.'),
  );
}

/**
 * One statement for one tenant or, for a platform administrator, for all of them; a member of several
 * tenants reads each in its own scope.
 */
async function readInScopes<Row>(
  ctx: Ctx,
  tenantIds: readonly string[],
  list: (db: Db, tenantIds: readonly string[]) => Promise<Row[]>,
): Promise<Row[]> {
  const platform = getPlatformScope(ctx);
  if (platform.platform) return await ctx.db.read(platform, (db) => list(db, tenantIds));
  const groups = await Promise.all(
    tenantIds.map((id) => ctx.db.read(getTenantScope(ctx, id), (db) => list(db, [id]))),
  );
  return groups.flat();
}
