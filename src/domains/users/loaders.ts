import { createLoader, inOrderOf } from '../../core/loader.ts';
import type { User } from '../../core/records.ts';
import { getReader } from '../../core/scopes.ts';
import { listVisibleUsers } from './queries.ts';

/** Users by id, null for those the caller may not see. */
export const userLoader = createLoader<string, User | null>(async (ctx, userIds) => {
  const { scope, actorId, onlyTenant } = getReader(ctx);
  const users = await ctx.db.read(scope, (db) =>
    listVisibleUsers(db, actorId, userIds, onlyTenant),
  );
  return inOrderOf(userIds, users, ({ id }) => id);
});
