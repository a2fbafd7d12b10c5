import { createLoader } from '../../core/loader.ts';
import type { User } from '../../core/records.ts';
import { getTenantScope } from '../../core/scopes.ts';
import { listUsersInScope } from '../users/queries.ts';

/**
 * The user of a session that is bound to a tenant, for who may see the sessions of the tenant but
 * not the list of its members: in the tenant's own scope, so nobody from outside it is found.
 */
export const boundUserLoader = createLoader<
  { tenantId: string; userId: string },
  User | null,
  string
>(
  async (ctx, keys) => {
    const idsByTenant = Map.groupBy(keys, ({ tenantId }) => tenantId);
    const users = await Promise.all(
      [...idsByTenant].map(async ([tenantId, group]) => {
        const userIds = group.map(({ userId }) => userId);
        const scope = getTenantScope(ctx, tenantId);
        const found = await ctx.db.read(scope, (db) => listUsersInScope(db, userIds));
        return found.map((user) => [`${tenantId} ${user.id}`, user] as const);
      }),
    );
    const byKey = new Map(users.flat());
    return keys.map(({ tenantId, userId }) => byKey.get(`${tenantId} ${userId}`) ?? null);
  },
  ({ tenantId, userId }) => `${tenantId} ${userId}`,
);
