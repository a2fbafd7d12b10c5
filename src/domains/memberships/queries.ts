import { ownerRoleKey } from '../../core/access/permissions.ts';
import type { JsonObject, Membership, Tenant } from '../../core/entities.ts';
import type { Db } from '../../db/database.ts';
import { Prisma } from '../../db/generated/client.ts';
import { type JsonRow, readDate } from '../../db/json-row.ts';
import type { RawReader } from '../../db/raw-reader.ts';
import { rolesOfMembership } from '../roles/queries.ts';

/** A page of a user's memberships, of those that the actor can see. */
export type MembershipsQuery = {
  /** Null sees nothing. */
  actorId: string | null;
  userId: string;
  onlyTenant: string | null;
  afterId: string | null;
  pageSize: number;
};

/** A membership with its tenant, as `viewer` and `user` list them. */
export type MembershipOfUser = { membership: Membership; tenant: Tenant };

/** A row of a membership, where "never" is not yet null. */
export type MembershipRow = Omit<Membership, 'lastSignInAt'> & { lastSignInAt: Date };

/** A membership (m) without its roles. */
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
 * Answers many questions for memberships with one statement, in the order asked; each page in the order of
 * joining. Who asks is part of each question, so what one may see answers no other.
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
 * Memberships of one tenant, by id or by user. Users are looked up for their ids, and ids by themselves ("offset 0"),
 * whatever the tenant: who may choose takes a tenant for small, and reads all of it.
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

/** How many active owners a tenant has. Exact only while the tenant is locked. */
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

/** Changes of a membership; undefined leaves a field as it is. */
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

/** Makes the roles of a membership exactly these. */
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

/** Ends a membership; its tenant-bound sessions end with it. */
export async function deleteMembership(
  tx: Db,
  membership: Pick<Membership, 'id' | 'tenantId'>,
): Promise<void> {
  await tx.membership.deleteMany({ where: { tenantId: membership.tenantId, id: membership.id } });
}

/** In which tenants a user is an active member, in the order of their ids; in the platform scope. */
export async function listTenantIdsOf(db: Db, userId: string): Promise<string[]> {
  const memberships = await db.membership.findMany({
    where: { userId, isActive: true },
    orderBy: { tenantId: 'asc' },
    select: { tenantId: true },
  });
  return memberships.map(({ tenantId }) => tenantId);
}
