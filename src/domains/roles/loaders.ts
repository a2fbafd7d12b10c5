import { createLoader } from '../../core/loader.ts';
import type { Role } from '../../core/records.ts';
import { getTenantScope } from '../../core/scopes.ts';
import { countRoleMembers, listRoles } from './queries.ts';

/** All roles of a tenant, by tenant. The caller has been authorised for `roles:read`. */
export const rolesLoader = createLoader<string, readonly Role[]>((ctx, tenantIds) =>
  Promise.all(
    tenantIds.map((tenantId) =>
      ctx.db.read(getTenantScope(ctx, tenantId), (db) => listRoles(db, tenantId)),
    ),
  ),
);

type RoleRef = { tenantId: string; id: string };

/** How many members a role has. */
export const roleMemberCountLoader = createLoader<RoleRef, number, string>(
  async (ctx, roles) => {
    const byTenant = Map.groupBy(roles, ({ tenantId }) => tenantId);
    const counts = await Promise.all(
      [...byTenant].map(([tenantId, ofTenant]) =>
        ctx.db.read(getTenantScope(ctx, tenantId), (db) =>
          countRoleMembers(
            db,
            tenantId,
            ofTenant.map(({ id }) => id),
          ),
        ),
      ),
    );
    const byRole = new Map(counts.flat().map(({ roleId, count }) => [roleId, count]));
    return roles.map(({ id }) => byRole.get(id) ?? 0);
  },
  ({ id }) => id,
);
