import { findAccess } from '../../core/access/authorize.ts';
import { getPlatformScope, getTenantScope } from '../../core/access/scopes.ts';
import { createNotFound } from '../../core/app-error.ts';
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

/** Loads tenants by id; null for those that the caller has no access to. */
export const tenantLoader = createLoader<string, Tenant | null>((ctx, tenantIds) =>
  Promise.all(tenantIds.map(async (id) => (await findAccess(ctx, { id }))?.tenant ?? null)),
);

/** Finds the tenant that an object is bound to. Returns null if there is none, or the caller has no access to it. */
export async function findTenantOf(ctx: Ctx, tenantId: string | null): Promise<Tenant | null> {
  return tenantId === null ? null : await tenantLoader(ctx).load(tenantId);
}

/** Loads the owners of tenants. */
export const ownersLoader = createLoader<string, readonly User[]>(async (ctx, tenantIds) => {
  const owners = await readInScopes(ctx, tenantIds, listOwners);
  const byTenant = Map.groupBy(owners, ({ tenantId }) => tenantId);
  return tenantIds.map((id) => byTenant.get(id) ?? []);
});

/** Loads the settings and limits of tenants. The caller must be authorized for `tenant:read`. */
export const policyLoader = createLoader<string, TenantPolicy>((ctx, tenantIds) =>
  loadInScopes(ctx, tenantIds, listPolicies),
);

/** Loads the usage of tenants. The caller must be authorized for `tenant:read`. */
export const usageLoader = createLoader<string, TenantUsage>((ctx, tenantIds) =>
  loadInScopes(ctx, tenantIds, listUsages),
);

/** Returns one row or error for each tenant, in the order of the ids. */
async function loadInScopes<Row extends { tenantId: string }>(
  ctx: Ctx,
  tenantIds: readonly string[],
  list: (db: Db, tenantIds: readonly string[]) => Promise<Row[]>,
): Promise<(Row | Error)[]> {
  const rows = await readInScopes(ctx, tenantIds, list);
  const found = inOrderOf(tenantIds, rows, ({ tenantId }) => tenantId);
  return found.map((row) => row ?? createNotFound('tenant'));
}

/** Reads all tenants with one statement for a platform administrator, and each in its own scope for others. */
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
