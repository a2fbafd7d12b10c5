import { createTenantOwnedLoader } from '../../core/data/loader.ts';
import type { User } from '../../core/entities.ts';
import { listUsersInScope } from '../users/queries.ts';

/**
 * The user of a session that is bound to a tenant, for who may see the sessions of the tenant but
 * not the list of its members: in the tenant's own scope, so nobody from outside it is found.
 */
export const boundUserLoader = createTenantOwnedLoader<User>(async (db, _tenantId, userIds) => {
  const users = await listUsersInScope(db, userIds);
  return users.map((user) => [user.id, user]);
});
