import { getReader } from '../../core/access/scopes.ts';
import { createLoader, inOrderOf } from '../../core/data/loader.ts';
import type { User } from '../../core/entities.ts';
import { listVisibleUsers } from './queries.ts';

/** Loads users by id; null for those that the caller may not see. */
export const userLoader = createLoader<string, User | null>(async (ctx, userIds) => {
  const { scope, actorId, onlyTenant } = getReader(ctx);
  const users = await ctx.db.read(scope, (db) =>
    listVisibleUsers(db, actorId, userIds, onlyTenant),
  );
  return inOrderOf(userIds, users, ({ id }) => id);
});
