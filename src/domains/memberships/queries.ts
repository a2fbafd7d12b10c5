import { ownerRoleKey } from '../../core/access/permissions.ts';
import type { JsonObject, Membership, Tenant } from '../../core/entities.ts';
import type { Db } from '../../db/database.ts';
import { Prisma } from '../../db/generated/client.ts';
import { type JsonRow, readDate } from '../../db/json-row.ts';
import type { RawReader } from '../../db/raw-reader.ts';
import { rolesOfMembership } from '../roles/queries.ts';

/** A page of a user's memberships that the actor may see. */
export type MembershipsQuery = {
  /** Null sees nothing. */
  actorId: string | null;
  userId: string;
  onlyTenant: string | null;
  afterId: string | null;
  pageSize: number;
};

/** A membership with its tenant, as listed by `viewer` and `user`. */
export type MembershipOfUser = { membership: Membership; tenant: Tenant };

/** A membership as stored: the epoch means "never". */
export type MembershipRow = Omit<Membership, 'lastSignInAt'> & { lastSignInAt: Date };

/** The columns of a membership `m`, without its roles. */
export const membershipOwnColumns = Prisma.sql`
  m.id, m.tenant_id as "tenantId", m.user_id as "userId", m.is_active as "isActive",
  m.metadata, m.last_sign_in_at as "lastSignInAt", m.joined_at as "joinedAt"`;

const membershipColumns = Prisma.sql`${membershipOwnColumns}, ${rolesOfMembership} as roles`;

export function toMembership(row: MembershipRow): Membership {
  const { id, tenantId, userId, isActive, metadata, joinedAt, roles } = row;
  const lastSignInAt = row.lastSignInAt.getTime() === 0 ? null : row.lastSignInAt;
  return { id, tenantId, userId, isActive, metadata, lastSignInAt, joinedAt, roles };
}

type MembershipOfUserRow = MembershipRow & {
  ordinal: number;
  tenant: JsonRow<Tenant>;
};

/**
 * Lists the memberships of many users with one statement. Returns pages in the order of the queries, each in the order
 * of joining. The actor is part of each query, so no caller gets the result of another.
 */
export async function listVisibleMemberships(
  db: RawReader,
  asks: readonly MembershipsQuery[],
): Promise<MembershipOfUser[][]> {
  const rows = await db.$queryRaw<MembershipOfUserRow[]>`
    select ordinal::int as ordinal, id, tenant_id as "tenantId", user_id as "userId", is_active as "isActive", metadata,
      last_sign_in_at as "lastSignInAt", joined_at as "joinedAt", roles, tenant
    from list_visible_memberships(
      ${asks.map(({ actorId }) => actorId)}::uuid[],
      ${asks.map(({ userId }) => userId)}::uuid[],
      ${asks.map(({ onlyTenant }) => onlyTenant)}::uuid[],
      ${asks.map(({ afterId }) => afterId)}::uuid[],
      ${asks.map(({ pageSize }) => pageSize)}::int[])
    order by ordinal, id`;
  const pages = asks.map((): MembershipOfUser[] => []);
  for (const row of rows) pages[row.ordinal - 1]?.push(toMembershipOfUser(row));
  return pages;
}

function toMembershipOfUser(row: MembershipOfUserRow): MembershipOfUser {
  return {
    membership: toMembership(row),
    tenant: {
      ...row.tenant,
      createdAt: readDate(row.tenant.createdAt),
      deletionAt: readDate(row.tenant.deletionAt),
    },
  };
}

/**
 * Lists memberships of one tenant, by id or by user. "offset 0" makes the planner look up ids and users by their own
 * indexes: otherwise it may take the tenant for small and read all of it.
 */
export async function listMemberships(
  db: Db,
  tenantId: string,
  by: { ids: readonly string[]; userIds?: readonly string[] },
): Promise<Membership[]> {
  const rows = await db.$queryRaw<MembershipRow[]>`
    select ${membershipColumns}
    from (
      select * from user_tenants w
      where w.id = any (array(
        select unnest(${by.ids}::uuid[])
        union all
        select o.id from user_tenants o
        where o.tenant_id = ${tenantId}::uuid and o.user_id = any (${by.userIds ?? []}::uuid[])))
      offset 0
    ) m
    where m.tenant_id = ${tenantId}::uuid`;
  return rows.map(toMembership);
}

/** Counts the active owners of a tenant; exact only while it is locked. */
export async function countOwners(tx: Db, tenantId: string): Promise<number> {
  const [row] = await tx.$queryRaw<[{ count: number }]>`
    select count(*)::int as count
    from roles r
    join membership_roles mr on mr.tenant_id = r.tenant_id and mr.role_id = r.id
    join user_tenants m on m.tenant_id = mr.tenant_id and m.id = mr.membership_id and m.is_active
    join users u on u.id = m.user_id and u.status = 'active'
    where r.tenant_id = ${tenantId}::uuid and r.key = ${ownerRoleKey}`;
  return row.count;
}

/** Changes to a membership; undefined leaves a field unchanged. */
export type MembershipChanges = {
  isActive?: boolean | undefined;
  metadata?: JsonObject | undefined;
};

export async function updateMembership(
  tx: Db,
  membership: Pick<Membership, 'id' | 'tenantId'>,
  changes: MembershipChanges,
): Promise<void> {
  const metadata = changes.metadata ? JSON.stringify(changes.metadata) : null;
  await tx.$executeRaw`
    update user_tenants m set
      is_active = coalesce(${changes.isActive ?? null}, m.is_active),
      metadata = coalesce(${metadata}::jsonb, m.metadata),
      updated_at = now()
    where m.tenant_id = ${membership.tenantId}::uuid and m.id = ${membership.id}::uuid`;
}

/** Replaces the roles of a membership. */
export async function assignRoles(
  tx: Db,
  membership: Pick<Membership, 'id' | 'tenantId'>,
  roleIds: readonly string[],
): Promise<void> {
  const { tenantId, id } = membership;
  await tx.$executeRaw`
    delete from membership_roles mr
    where mr.tenant_id = ${tenantId}::uuid and mr.membership_id = ${id}::uuid
      and mr.role_id <> all (${roleIds}::uuid[])`;
  await tx.$executeRaw`
    insert into membership_roles (tenant_id, membership_id, role_id)
    select ${tenantId}::uuid, ${id}::uuid, role_id from unnest(${roleIds}::uuid[]) role_id
    on conflict do nothing`;
}

/** Deletes a membership, and with it the sessions bound to its tenant. */
export async function deleteMembership(
  tx: Db,
  membership: Pick<Membership, 'id' | 'tenantId'>,
): Promise<void> {
  await tx.membership.deleteMany({ where: { tenantId: membership.tenantId, id: membership.id } });
}

/** Lists the tenants in which a user is an active member, in the order of their ids, in the platform scope. */
export async function listTenantIdsOf(db: Db, userId: string): Promise<string[]> {
  const memberships = await db.membership.findMany({
    where: { userId, isActive: true },
    orderBy: { tenantId: 'asc' },
    select: { tenantId: true },
  });
  return memberships.map(({ tenantId }) => tenantId);
}
