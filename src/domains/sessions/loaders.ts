import { createTenantOwnedLoader } from '../../core/data/loader.ts';
import type { User } from '../../core/entities.ts';
import { listUsersInScope } from '../users/queries.ts';

/**
 * Loads users of sessions bound to a tenant, for callers that may see the tenant's sessions but not its members. Reads
 * in the tenant's scope, so no user outside it is found.
 */
export const boundUserLoader = createTenantOwnedLoader<User>(async (db, _tenantId, userIds) => {
  const users = await listUsersInScope(db, userIds);
  return users.map((user) => [user.id, user]);
});
