import { getSignedIn } from '../../core/context.ts';
import { createLoader, inOrderOf } from '../../core/loader.ts';
import type { User } from '../../core/records.ts';
import { noScope } from '../../db/scope.ts';
import { listVisibleUsers } from './queries.ts';

/** Users by id, null for those the caller may not see. */
export const userLoader = createLoader<string, User | null>(async (ctx, userIds) => {
  const { user, session } = getSignedIn(ctx);
  const users = await ctx.db.read(noScope, (db) =>
    listVisibleUsers(db, user.id, userIds, session.tenantId),
  );
  return inOrderOf(userIds, users, ({ id }) => id);
});
