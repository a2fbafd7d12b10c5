import type { UserStatus } from '../../../core/entities.ts';
import type { Db } from '../../../db/database.ts';

/** Suspends or reinstates a user. Returns false outside the platform scope, or if nothing changes. */
export async function updateUserStatus(
  tx: Db,
  userId: string,
  status: UserStatus,
): Promise<boolean> {
  const [row] = await tx.$queryRaw<[{ isChanged: boolean }]>`
    select set_user_status(${userId}::uuid, ${status}) as "isChanged"`;
  return row.isChanged;
}

/** Ends all sessions of a user, in the platform scope; returns how many. */
export async function deleteSessionsOf(tx: Db, userId: string): Promise<number> {
  const { count } = await tx.session.deleteMany({ where: { userId } });
  return count;
}

/** A membership that ends with its user. */
export type EndingMembership = {
  id: string;
  tenantId: string;
  slug: string;
  roleKeys: string[];
  isLastOwner: boolean;
};

/** Locks all memberships of the user until the transaction ends; returns them in the order of tenants. */
export function lockMembershipsOf(tx: Db, userId: string): Promise<EndingMembership[]> {
  return tx.$queryRaw<EndingMembership[]>`
    select membership_id as id, tenant_id as "tenantId", slug, role_keys as "roleKeys",
      is_last_owner as "isLastOwner"
    from lock_memberships_of(${userId}::uuid)`;
}

/** Erases a user. Returns false if there is none, or the scope does not allow it. */
export async function eraseUser(tx: Db, userId: string): Promise<boolean> {
  const [row] = await tx.$queryRaw<[{ isErased: boolean }]>`
    select erase_user(${userId}::uuid) as "isErased"`;
  return row.isErased;
}
