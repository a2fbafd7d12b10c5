import { getTenantScope } from '../../core/access/scopes.ts';
import { createLoader, createTenantOwnedLoader } from '../../core/data/loader.ts';
import type { Role } from '../../core/entities.ts';
import { countRoleMembers, listRoles } from './queries.ts';

/** All roles of a tenant, by tenant. The caller has been authorised for `roles:read`. */
export const rolesLoader = createLoader<string, readonly Role[]>((ctx, tenantIds) =>
  Promise.all(
    tenantIds.map((tenantId) =>
      ctx.db.read(getTenantScope(ctx, tenantId), (db) => listRoles(db, tenantId)),
    ),
  ),
);

/** How many members a role has; null for none. */
export const roleMemberCountLoader = createTenantOwnedLoader<number>(async (db, tenantId, ids) => {
  const counts = await countRoleMembers(db, tenantId, ids);
  return counts.map(({ roleId, count }) => [roleId, count]);
});
