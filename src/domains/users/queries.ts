import { type CursorKey, getRange, type PageRequest } from '../../core/data/page.ts';
import { toJsonb, toPattern } from '../../core/data/search.ts';
import type { JsonObject, User, UserStatus } from '../../core/entities.ts';
import type { Db } from '../../db/database.ts';
import { Prisma } from '../../db/generated/client.ts';

/** The columns of a user `u`, named as in the entity. */
export const userColumns = Prisma.sql`
  u.id, u.email, u.email_verified_at as "emailVerifiedAt", u.name, u.avatar_url as "avatarUrl",
  u.locale, u.status, u.is_platform_admin as "isPlatformAdmin", u.metadata,
  u.last_sign_in_at as "lastSignInAt", u.created_at as "createdAt"`;

/** Columns of the model that the entity does not have. */
const notOfUser = { searchText: true, updatedAt: true } as const;

/** Values of a new user; the caller chooses the id, because the transaction runs in its scope. */
export type NewUser = { id: string; email: string; name: string | null };

export async function createUser(tx: Db, user: NewUser): Promise<void> {
  await tx.$executeRaw`
    insert into users (id, email, name) values (${user.id}::uuid, ${user.email}, ${user.name})`;
}

/** Lists those of the users that the actor may see. */
export function listVisibleUsers(
  db: Db,
  actorId: string | null,
  userIds: readonly string[],
  onlyTenant: string | null,
): Promise<User[]> {
  return db.$queryRaw<User[]>`
    select ${userColumns}
    from find_visible_users(${actorId}::uuid, ${userIds}::uuid[], ${onlyTenant}::uuid) u`;
}

/** Lists those of the users that the scope shows: the user themselves, and members of its tenant. */
export function listUsersInScope(db: Db, userIds: readonly string[]): Promise<User[]> {
  return db.$queryRaw<User[]>`
    select ${userColumns} from users u where u.id = any (${userIds}::uuid[])`;
}

export async function findUserByEmail(db: Db, email: string): Promise<User | null> {
  return (await db.user.findFirst({ where: { email }, omit: notOfUser })) as User | null;
}

/** Changes to a profile; undefined leaves a field unchanged, null clears it. */
export type ProfileChanges = {
  name?: string | null | undefined;
  avatarUrl?: string | null | undefined;
  locale?: string | null | undefined;
  metadata?: JsonObject | undefined;
};

export async function updateUser(tx: Db, userId: string, changes: ProfileChanges): Promise<User> {
  const has = (field: keyof ProfileChanges) => changes[field] !== undefined;
  const metadata = JSON.stringify(changes.metadata ?? {});
  const [user] = await tx.$queryRaw<[User]>`
    update users u set
      name = case when ${has('name')} then ${changes.name ?? null} else u.name end,
      avatar_url = case when ${has('avatarUrl')} then ${changes.avatarUrl ?? null} else u.avatar_url end,
      locale = case when ${has('locale')} then ${changes.locale ?? null} else u.locale end,
      metadata = case when ${has('metadata')} then ${metadata}::jsonb else u.metadata end,
      updated_at = now()
    where u.id = ${userId}::uuid
    returning ${userColumns}`;
  return user;
}

export type UserOrderField = 'createdAt' | 'email';

export type UserFilter = {
  search?: string | null | undefined;
  status?: UserStatus | null | undefined;
  metadata?: JsonObject | null | undefined;
};

export type UserOrder = { field: UserOrderField; isDescending: boolean };

/** Lists users in the direction of the page, one more than the page, in a platform scope. */
export async function listUsers(
  db: Db,
  request: PageRequest,
  order: UserOrder,
  status: UserStatus | null,
): Promise<User[]> {
  const column = order.field === 'email' ? 'email' : 'id';
  const users = await db.user.findMany({
    where: { [column]: getRange(request, order.isDescending), ...(status && { status }) },
    orderBy: { [column]: order.isDescending === request.isBackward ? 'asc' : 'desc' },
    take: request.size + 1,
    omit: notOfUser,
  });
  return users as User[];
}

/** Searches users, newest first, one more than the page. */
export function searchUsers(db: Db, request: PageRequest, filter: UserFilter): Promise<User[]> {
  return db.$queryRaw<User[]>`
    select ${userColumns}
    from search_users(${toPattern(filter.search)}, ${toJsonb(filter.metadata)}::jsonb,
      ${filter.status ?? null}, ${request.before?.[0] ?? null}::uuid,
      ${request.after?.[0] ?? null}::uuid, ${!request.isBackward}, ${request.size + 1}::int) u`;
}

export function countUsers(db: Db): Promise<number> {
  return db.user.count();
}

/** Returns the cursor key of a user in an order. */
export function toUserKey(order: UserOrder): (user: User) => CursorKey {
  return (user) => [order.field === 'email' ? user.email : user.id];
}
