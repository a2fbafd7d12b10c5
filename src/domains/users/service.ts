import { getOwnScope, getPlatformScope } from '../../core/access/scopes.ts';
import { listChanges, recordAudit } from '../../core/audit.ts';
import {
  type Ctx,
  findSignedInUserId,
  getAuthenticated,
  getSignedIn,
  isImpersonated,
  isPlatformAdmin,
  requirePlatformAdmin,
} from '../../core/context.ts';
import { type Page, type PageArgs, parsePage, toPage } from '../../core/data/page.ts';
import { parseSearch } from '../../core/data/search.ts';
import type { JsonObject, User } from '../../core/entities.ts';
import {
  checkEmail,
  checkLocale,
  checkMetadata,
  checkOptionalText,
  checkUrl,
} from '../../core/input.ts';
import { userLoader } from './loaders.ts';
import * as queries from './queries.ts';

/** Maximum length of a name, in code points. */
export const userNameMax = 100;

/**
 * Finds a user that the caller may see: themselves, members of their tenants, or anyone for platform administrators.
 */
export async function findVisibleUser(ctx: Ctx, userId: string): Promise<User | null> {
  return ctx.principal.kind === 'anonymous' ? null : await userLoader(ctx).load(userId);
}

/**
 * Finds a user by id or e-mail address: the caller, or any user for platform administrators. Returns null for others.
 * @throws UnauthenticatedError, InvalidInputError for a malformed address
 */
export async function findUser(
  ctx: Ctx,
  by: { id: string } | { email: string },
): Promise<User | null> {
  const principal = getAuthenticated(ctx);
  const own = principal.kind === 'session' ? principal.user : null;
  if ('id' in by) {
    if (by.id === own?.id) return own;
    return isPlatformAdmin(ctx) ? await findVisibleUser(ctx, by.id) : null;
  }
  const email = checkEmail('email', by.email);
  if (email === own?.email) return own;
  if (!isPlatformAdmin(ctx)) return null;
  return await ctx.db.read(getPlatformScope(ctx), (db) => queries.findUserByEmail(db, email));
}

export type UserListInput = {
  page: PageArgs;
  filter: queries.UserFilter;
  order: queries.UserOrder | null;
};

/** Lists all users. Platform administrators only. @throws ForbiddenError, InvalidInputError */
export async function listUsers(ctx: Ctx, input: UserListInput): Promise<Page<User>> {
  requirePlatformAdmin(ctx);
  const { isSearch, filter, order } = parseSearch(input.filter, input.order);
  const request = parsePage(ctx, input.page, JSON.stringify(['users', filter, order]));
  const scope = getPlatformScope(ctx);
  const rows = await ctx.db.read(scope, (db) =>
    isSearch
      ? queries.searchUsers(db, request, filter)
      : queries.listUsers(db, request, order, filter.status ?? null),
  );
  const isUnfiltered = !isSearch && !filter.status;
  const count = isUnfiltered ? () => ctx.db.read(scope, queries.countUsers) : null;
  return toPage(ctx, request, rows, { toKey: queries.toUserKey(order), count });
}

/** Changes to a profile; null clears a field. */
export type UpdateProfileInput = Omit<queries.ProfileChanges, 'metadata'> & {
  metadata?: JsonObject | null | undefined;
};

/** Changes the caller's own profile. @throws InvalidInputError */
export async function updateProfile(ctx: Ctx, input: UpdateProfileInput): Promise<User> {
  const { user } = getSignedIn(ctx);
  const changes: queries.ProfileChanges = {
    name: checkOptionalText('name', input.name, userNameMax),
    avatarUrl: input.avatarUrl == null ? input.avatarUrl : checkUrl('avatarUrl', input.avatarUrl),
    locale: input.locale == null ? input.locale : checkLocale('locale', input.locale),
    metadata:
      input.metadata === undefined ? undefined : checkMetadata('metadata', input.metadata ?? {}),
  };
  return await ctx.db.transaction(getOwnScope(ctx), async (tx) => {
    const after = await queries.updateUser(tx, user.id, changes);
    await recordAudit(ctx, tx, {
      action: 'user.updated',
      tenantId: null,
      target: { type: 'User', id: user.id },
      // Names only: personal data must not outlive its user in the audit log.
      changes: { fields: [null, Object.keys(listChanges(user, after, profileFields))] },
    });
    return after;
  });
}

const profileFields = ['name', 'avatarUrl', 'locale', 'metadata'] as const;

/** Lists the caller's permissions on a user that they can see. */
export function listOwnPermissionsOn(ctx: Ctx, userId: string): string[] {
  const isSelf = findSignedInUserId(ctx) === userId;
  const isAdmin = isPlatformAdmin(ctx);
  return [
    'user:read',
    ...(isSelf ? ['user:update'] : []),
    ...(isAdmin && !isSelf ? ['user:suspend'] : []),
    ...((isSelf && !isImpersonated(ctx)) || isAdmin ? ['user:erase'] : []),
  ];
}
