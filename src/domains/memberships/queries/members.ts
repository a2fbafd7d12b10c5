import { type CursorKey, getBounds, type PageRequest } from '../../../core/data/page.ts';
import type { JsonObject, Membership, Role, User } from '../../../core/entities.ts';
import type { Db } from '../../../db/database.ts';
import { Prisma } from '../../../db/generated/client.ts';
import { rolesAsJson } from '../../roles/queries.ts';
import { type MembershipRow, membershipOwnColumns, toMembership } from '../queries.ts';

/** A member with their user, and the cursor key in the order of the list. */
export type Member = { membership: Membership; user: User; cursorKey: CursorKey };

export type MembershipOrderField = 'lastSignInAt' | 'joinedAt';
export type MembershipOrder = { field: MembershipOrderField; isDescending: boolean };

export type MembershipFilter = {
  roleKey?: string | null | undefined;
  isActive?: boolean | null | undefined;
  /** Canonical e-mail address. */
  email?: string | null | undefined;
};

/**
 * Lists members of a tenant with user and roles in one statement, one more than the page. Many members share few roles,
 * so the first row carries all roles of the page and their assignments: as JSON in every row they took half of the
 * time. The assignments are read at once, because those of a small tenant are adjacent in the index.
 */
export async function listMembers(
  db: Db,
  tenantId: string,
  request: PageRequest,
  list: { filter: MembershipFilter; order: MembershipOrder },
): Promise<Member[]> {
  const { filter, order } = list;
  const isDescending = order.isDescending !== request.isBackward;
  const { above, below } = getBounds(request, order.isDescending);
  const direction = isDescending ? Prisma.sql`desc` : Prisma.sql`asc`;
  const ofRole =
    filter.roleKey == null ? Prisma.empty : await narrowToRole(db, tenantId, filter.roleKey);
  const rows = await db.$queryRaw<MemberRow[]>`
    with p as (
      select ${membershipOwnColumns}, m.last_sign_in_at::text as "cursorAt",
        m.email, m.email_verified_at as "emailVerifiedAt", m.name, m.avatar_url as "avatarUrl",
        m.locale, m.status, m.is_platform_admin as "isPlatformAdmin",
        m.user_metadata as "userMetadata", m.user_last_sign_in_at as "userLastSignInAt",
        m.user_created_at as "userCreatedAt"
      from tenant_members m
      where m.tenant_id = ${tenantId}::uuid
        ${filter.isActive == null ? Prisma.empty : Prisma.sql`and m.is_active = ${filter.isActive}`}
        ${filter.email == null ? Prisma.empty : Prisma.sql`and m.email = ${filter.email}`}
        ${ofRole}
        ${above ? Prisma.sql`and ${positionOf(order)} > ${positionAt(order, above)}` : Prisma.empty}
        ${below ? Prisma.sql`and ${positionOf(order)} < ${positionAt(order, below)}` : Prisma.empty}
      order by ${order.field === 'joinedAt' ? Prisma.empty : Prisma.sql`m.last_sign_in_at ${direction},`}
        m.id ${direction}
      limit ${request.size + 1}
    ),
    held as (
      select mr.membership_id, mr.role_id from membership_roles mr
      where mr.tenant_id = ${tenantId}::uuid and mr.membership_id = any (array(select id from p))
    )
    select p.*, case when row_number() over () = 1 then json_build_object(
      'held', (select json_agg(json_build_array(membership_id, role_id)) from held),
      'all', (
        select ${rolesAsJson} from roles r
        where r.tenant_id = ${tenantId}::uuid and r.id = any (array(select role_id from held))
      )
    ) end as roles
    from p
    order by ${order.field === 'joinedAt' ? Prisma.empty : Prisma.sql`p."lastSignInAt" ${direction},`}
      p.id ${direction}`;
  const rolesOf = gatherRoles(rows.find((row) => row.roles !== null)?.roles);
  return rows.map((row) => toMember(row, rolesOf(row.id), order));
}

/** The roles of a page and their assignments to memberships; null if there are none. */
type PageRoles = {
  all: Role[] | null;
  held: [membershipId: string, roleId: string][] | null;
};

type MemberRow = Omit<MembershipRow, 'roles'> &
  UserRow & { cursorAt: string; roles: PageRoles | null };

/** Returns a function that lists the roles of a membership, in the order of `all`. */
function gatherRoles(roles: PageRoles | null | undefined): (membershipId: string) => Role[] {
  const held = Map.groupBy(roles?.held ?? [], ([membershipId]) => membershipId);
  return (membershipId) => {
    const ids = new Set(held.get(membershipId)?.map(([, roleId]) => roleId));
    return (roles?.all ?? []).filter(({ id }) => ids.has(id));
  };
}

// Ids are ordered by time (UUID v7), so the primary key is the order of joining.
function positionOf({ field }: MembershipOrder): Prisma.Sql {
  return field === 'joinedAt' ? Prisma.sql`m.id` : Prisma.sql`(m.last_sign_in_at, m.id)`;
}

function positionAt({ field }: MembershipOrder, key: CursorKey): Prisma.Sql {
  return field === 'joinedAt'
    ? Prisma.sql`${key[0]}::uuid`
    : Prisma.sql`(${key[0]}::timestamptz, ${key[1]}::uuid)`;
}

/**
 * Up to this many holders of a role are looked up one by one. With more, scanning the list in its order fills a page
 * soon: after about page × members / holders rows.
 */
const fewMax = 2_000;

/**
 * Restricts the list to members with a role. A cached plan cannot suit both one owner and a role that everybody has, so
 * the number of holders selects the plan; the result is the same.
 */
async function narrowToRole(db: Db, tenantId: string, roleKey: string): Promise<Prisma.Sql> {
  const role = Prisma.sql`(select r.id from roles r where r.tenant_id = ${tenantId}::uuid and r.key = ${roleKey})`;
  const holders = Prisma.sql`
    select mr.membership_id from membership_roles mr
    where mr.tenant_id = ${tenantId}::uuid and mr.role_id = ${role}`;
  const [row] = await db.$queryRaw<[{ areFew: boolean }]>`
    select count(*) <= ${fewMax} as "areFew" from (${holders} limit ${fewMax + 1}) h`;
  if (row.areFew) return Prisma.sql`and m.id = any (array(${holders}))`;
  // "offset 0" keeps the planner from starting with the holders.
  return Prisma.sql`and exists (${holders} and mr.membership_id = m.id offset 0)`;
}

type UserRow = Pick<
  User,
  'email' | 'emailVerifiedAt' | 'name' | 'avatarUrl' | 'locale' | 'status' | 'isPlatformAdmin'
> & { userMetadata: JsonObject; userLastSignInAt: Date | null; userCreatedAt: Date };

function toMember(row: MemberRow, roles: Role[], order: MembershipOrder): Member {
  return {
    membership: toMembership({ ...row, roles }),
    user: {
      id: row.userId,
      email: row.email,
      emailVerifiedAt: row.emailVerifiedAt,
      name: row.name,
      avatarUrl: row.avatarUrl,
      locale: row.locale,
      status: row.status,
      isPlatformAdmin: row.isPlatformAdmin,
      metadata: row.userMetadata,
      lastSignInAt: row.userLastSignInAt,
      createdAt: row.userCreatedAt,
    },
    cursorKey: order.field === 'joinedAt' ? [row.id] : [row.cursorAt, row.id],
  };
}

export async function countMembers(db: Db, tenantId: string): Promise<number> {
  const [row] = await db.$queryRaw<[{ count: number }]>`
    select count(*)::int as count from user_tenants m where m.tenant_id = ${tenantId}::uuid`;
  return row.count;
}
