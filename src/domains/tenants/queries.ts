import { tenantColumns } from '../../core/access/authorize.ts';
import { ownerRoleKey } from '../../core/access/permissions.ts';
import { type CursorKey, getBounds, type PageRequest } from '../../core/data/page.ts';
import { toJsonb, toPattern } from '../../core/data/search.ts';
import type { JsonObject, Tenant, TenantStatus, User } from '../../core/entities.ts';
import type { Db } from '../../db/database.ts';
import { Prisma } from '../../db/generated/client.ts';
import { hasSlugForm } from '../../lib/slug.ts';
import { userColumns } from '../users/queries.ts';

/** Values of a new tenant; the caller chooses the id, and the first free slug is used. */
export type NewTenant = {
  id: string;
  slugs: readonly string[];
  name: string;
  metadata: JsonObject;
};

/** Creates a tenant with its built-in roles and its owner; returns its slug. */
export async function createTenantWithOwner(
  tx: Db,
  ownerId: string,
  tenant: NewTenant,
): Promise<string> {
  const [created] = await tx.$queryRaw<[{ slug: string }]>`
    select create_tenant(${ownerId}::uuid, ${tenant.id}::uuid, ${tenant.slugs}::text[],
      ${tenant.name}, ${JSON.stringify(tenant.metadata)}::jsonb) as slug`;
  return created.slug;
}

/** Returns a tenant that the user just created, which no scope shows within this transaction. */
export async function getFoundedTenant(tx: Db, ownerId: string, tenantId: string): Promise<Tenant> {
  const [tenant] = await tx.$queryRaw<[Tenant]>`
    select tenant_id as id, slug, name, status, metadata, member_count as "memberCount",
      created_at as "createdAt", deletion_at as "deletionAt"
    from find_access(${ownerId}::uuid, array[${tenantId}::uuid], '{}')`;
  return tenant;
}

/** Changes to a tenant; undefined leaves a field unchanged. */
export type TenantChanges = {
  name?: string | undefined;
  slug?: string | undefined;
  metadata?: JsonObject | undefined;
};

/** Updates a tenant. Returns null if the scope does not show it. */
export async function updateTenant(
  tx: Db,
  tenantId: string,
  changes: TenantChanges,
): Promise<Tenant | null> {
  const [tenant] = await tx.$queryRaw<Tenant[]>`
    update tenants t set
      name = coalesce(${changes.name ?? null}, t.name),
      slug = coalesce(${changes.slug ?? null}, t.slug),
      metadata = coalesce(${toJsonb(changes.metadata)}::jsonb, t.metadata),
      updated_at = now()
    where t.id = ${tenantId}::uuid
    returning ${tenantColumns}`;
  return tenant ?? null;
}

export type TenantOrderField = 'createdAt' | 'slug';
export type TenantOrder = { field: TenantOrderField; isDescending: boolean };

export type TenantFilter = {
  search?: string | null | undefined;
  status?: TenantStatus | null | undefined;
  metadata?: JsonObject | null | undefined;
};

/** Lists tenants in the direction of the page, one more than the page, in a platform scope. */
export function listTenants(
  db: Db,
  request: PageRequest,
  order: TenantOrder,
  status: TenantStatus | null,
): Promise<Tenant[]> {
  const [column, type] =
    order.field === 'slug'
      ? [Prisma.sql`t.slug`, Prisma.sql`text`]
      : [Prisma.sql`t.id`, Prisma.sql`uuid`];
  const isDescending = order.isDescending !== request.isBackward;
  const { above, below } = getBounds(request, order.isDescending);
  return db.$queryRaw<Tenant[]>`
    select ${tenantColumns} from tenants t
    where true
      ${above ? Prisma.sql`and ${column} > ${above[0]}::${type}` : Prisma.empty}
      ${below ? Prisma.sql`and ${column} < ${below[0]}::${type}` : Prisma.empty}
      ${status ? Prisma.sql`and t.status = ${status}` : Prisma.empty}
    order by ${column} ${isDescending ? Prisma.sql`desc` : Prisma.sql`asc`}
    limit ${request.size + 1}`;
}

/** Searches tenants, newest first, one more than the page. */
export function searchTenants(
  db: Db,
  request: PageRequest,
  filter: TenantFilter,
): Promise<Tenant[]> {
  return db.$queryRaw<Tenant[]>`
    select ${tenantColumns}
    from search_tenants(${toPattern(filter.search)}, ${toJsonb(filter.metadata)}::jsonb,
      ${filter.status ?? null}, ${request.before?.[0] ?? null}::uuid,
      ${request.after?.[0] ?? null}::uuid, ${!request.isBackward}, ${request.size + 1}::int) t`;
}

export function countTenants(db: Db): Promise<number> {
  return db.tenant.count();
}

/** Returns the cursor key of a tenant in an order. */
export function toTenantKey(order: TenantOrder): (tenant: Tenant) => CursorKey {
  return (tenant) => [order.field === 'slug' ? tenant.slug : tenant.id];
}

/** Lists the active owners of tenants, longest-standing first. */
export function listOwners(
  db: Db,
  tenantIds: readonly string[],
): Promise<(User & { tenantId: string })[]> {
  return db.$queryRaw<(User & { tenantId: string })[]>`
    select m.tenant_id as "tenantId", ${userColumns}
    from roles r
    join membership_roles mr on mr.tenant_id = r.tenant_id and mr.role_id = r.id
    join user_tenants m on m.tenant_id = mr.tenant_id and m.id = mr.membership_id and m.is_active
    join users u on u.id = m.user_id and u.status = 'active'
    where r.tenant_id = any (${tenantIds}::uuid[]) and r.key = ${ownerRoleKey}
    order by m.id`;
}

/** Locks the tenant until the transaction ends, so that changes that must leave an owner run one after another. */
export async function lockTenant(tx: Db, tenantId: string): Promise<void> {
  await tx.$queryRaw`select t.id::text from tenants t where t.id = ${tenantId}::uuid for no key update`;
}

/** Finds the id of an active tenant, by id or slug, in which the user is an active member. */
export async function findOwnTenantId(
  db: Db,
  userId: string,
  by: { id: string } | { slug: string },
): Promise<string | null> {
  const ids = 'id' in by ? [by.id] : [];
  // PostgreSQL rejects NUL in text, so malformed slugs are not looked up.
  const slugs = 'slug' in by && hasSlugForm(by.slug) ? [by.slug] : [];
  const [found] = await db.$queryRaw<{ id: string }[]>`
    select tenant_id as id
    from find_access(${userId}::uuid, ${ids}::uuid[], ${slugs}::text[])
    where status = 'active'`;
  return found?.id ?? null;
}
