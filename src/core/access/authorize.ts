import type { Database } from '../../db/database.ts';
import { Prisma } from '../../db/generated/client.ts';
import { hasSlugForm } from '../../lib/slug.ts';
import { nilUuid } from '../../lib/uuid.ts';
import { ForbiddenError, NotFoundError, UnauthenticatedError } from '../app-error.ts';
import {
  type Ctx,
  findActorId,
  findBoundTenantId,
  findSignedInUserId,
  isPlatformAdmin,
  limitToCredential,
} from '../context.ts';
import { createBatcher } from '../data/batcher.ts';
import { createLoader } from '../data/loader.ts';
import type { Tenant, TenantRef, TenantStatus } from '../entities.ts';
import type { MemberAccess, MemberAccessQuery, Runtime } from '../runtime.ts';
import { allPermissions, type Permission, permission } from './permissions.ts';
import { getPlatformScope } from './scopes.ts';

const deleteTenant = permission('tenant:delete');

/** A tenant as the caller may act in it. */
export type Access = {
  tenant: Tenant;
  /** The caller's own; null for a platform administrator from outside, and for an API key. */
  membershipId: string | null;
  permissions: ReadonlySet<Permission>;
};

/** The caller's access to a tenant; null when it may not even know that the tenant exists. */
export async function findAccess(ctx: Ctx, tenant: TenantRef): Promise<Access | null> {
  const access = await accessLoader(ctx).load(tenant);
  if (access !== null) ctx.enteredTenantId = access.tenant.id;
  return access;
}

/**
 * The one gate to a tenant: throws UnauthenticatedError for anonymous callers, NotFoundError where
 * the caller does not belong (foreign and absent look the same), ForbiddenError where it lacks the
 * permission. `noun` is what the caller asked for, where that is something of the tenant's.
 */
export async function authorize(
  ctx: Ctx,
  tenant: TenantRef,
  permission: Permission,
  noun = 'tenant',
): Promise<Access> {
  if (ctx.principal.kind === 'anonymous') throw new UnauthenticatedError();
  const access = await findAccess(ctx, tenant);
  if (access === null)
    throw new NotFoundError(`This ${noun} does not exist or is not visible to you.`);
  const {
    permissions,
    tenant: { status },
  } = access;
  if (status !== 'active' && !permissions.has(permission))
    throw new ForbiddenError(reasons[status]);
  requirePermission(permissions, permission);
  return access;
}

/** Throws ForbiddenError unless the permission is among those held. */
export function requirePermission(held: ReadonlySet<string>, permission: Permission): void {
  if (held.has(permission)) return;
  throw new ForbiddenError(`This requires the permission "${permission}" in the tenant.`);
}

const reasons = {
  suspended: 'This tenant is suspended; nothing in it can be viewed or changed.',
  pending_deletion: 'This tenant is pending deletion; it can only be restored.',
};

/** Forgets what was loaded about a tenant after this request changed the caller's rights in it. */
export function clearAccess(ctx: Ctx): void {
  accessLoader(ctx).clearAll();
}

const accessLoader = createLoader<TenantRef, Access | null>(
  async (ctx, refs) => {
    const accesses = await listAccesses(ctx, refs);
    noteTenant(ctx, accesses);
    // What was found by slug is asked for again by id, by every field below it.
    for (const access of accesses) accessLoader(ctx).prime({ id: access.tenant.id }, access);
    return refs.map((ref) => {
      const access = accesses.find(({ tenant }) =>
        'id' in ref ? tenant.id === ref.id : tenant.slug === ref.slug,
      );
      if (ctx.runtime.trustsDatabaseAlone) return createUncheckedAccess(ref, access);
      return access ?? null;
    });
  },
  (ref) => ('id' in ref ? ref.id : `/${ref.slug}`),
);

/** Many at once are a list, and none of them the tenant that the request is about. */
function noteTenant({ request: { telemetry } }: Ctx, [access, ...others]: Access[]): void {
  if (access !== undefined && others.length === 0) telemetry.tenantId ??= access.tenant.id;
}

/** Access as if every check had passed; what the tenant really is only the database may show. */
function createUncheckedAccess(ref: TenantRef, known: Access | undefined): Access {
  const tenant: Tenant = known?.tenant ?? {
    id: 'id' in ref ? ref.id : nilUuid,
    slug: 'unchecked',
    name: 'unchecked',
    status: 'active',
    metadata: {},
    memberCount: 0,
    createdAt: new Date(0),
    deletionAt: null,
  };
  const membershipId = known?.membershipId ?? null;
  return { tenant, membershipId, permissions: new Set(allPermissions) };
}

async function listAccesses(ctx: Ctx, refs: readonly TenantRef[]): Promise<Access[]> {
  // PostgreSQL takes no NUL in a text; what cannot be a slug is nobody's.
  const known = refs.filter((ref) => 'id' in ref || hasSlugForm(ref.slug));
  const isUnchecked = ctx.runtime.trustsDatabaseAlone;
  if (isPlatformAdmin(ctx) && !isUnchecked) return await listPlatformAccesses(ctx, known);
  const actorId = findActorId(ctx);
  if (actorId === null) return [];
  const found = await Promise.all(
    known.map((tenant) => ctx.runtime.findMemberAccess({ actorId, tenant })),
  );
  const boundTo = findBoundTenantId(ctx);
  return found
    .filter((row) => row !== null)
    .filter((row) => boundTo === null || row.id === boundTo)
    .map(({ membershipId, permissions, ...tenant }) => ({
      tenant,
      // The membership is its creator's: an API key belongs to the tenant, but is no member of it.
      membershipId: ctx.principal.kind === 'apiKey' ? null : membershipId,
      permissions: limitToCredential(
        ctx,
        permissions.filter((permission) => remains(permission, tenant.status)),
      ),
    }));
}

/**
 * The members of a tenant that is not active still see that it is not, and nothing else of it. Who
 * could delete it can take that back: the only right that outlives the deletion.
 */
function remains(permission: Permission, status: TenantStatus): boolean {
  return status === 'active' || (status === 'pending_deletion' && permission === deleteTenant);
}

/** A platform administrator may do everything everywhere, and belong to a tenant besides. */
async function listPlatformAccesses(ctx: Ctx, refs: readonly TenantRef[]): Promise<Access[]> {
  const { ids, slugs } = splitRefs(refs);
  const rows = await ctx.db.read(
    getPlatformScope(ctx),
    (db) =>
      db.$queryRaw<(Tenant & { membershipId: string | null })[]>`
      select ${tenantColumns}, m.id as "membershipId"
      from tenants t
      left join user_tenants m
        on m.tenant_id = t.id and m.user_id = ${findSignedInUserId(ctx)}::uuid and m.is_active
      where t.id = any (${ids}::uuid[]) or t.slug = any (${slugs}::text[])`,
  );
  const permissions: ReadonlySet<Permission> = new Set(allPermissions);
  return rows.map(({ membershipId, ...tenant }) => ({
    tenant,
    membershipId,
    permissions,
  }));
}

function splitRefs(refs: readonly TenantRef[]): { ids: string[]; slugs: string[] } {
  return {
    ids: refs.flatMap((ref) => ('id' in ref ? [ref.id] : [])),
    slugs: refs.flatMap((ref) => ('slug' in ref ? [ref.slug] : [])),
  };
}

type MemberAccessRow = MemberAccess & { actorId: string };

/**
 * Finds what actors may do as members of tenants, for all requests in flight in one statement. Who acts is part
 * of each question, so what one may do answers no other.
 */
export function createAccessFinder(db: Database): Runtime['findMemberAccess'] {
  return createBatcher(async (asks: readonly MemberAccessQuery[]) => {
    const rows = await db.ask(
      (raw) => raw.$queryRaw<MemberAccessRow[]>`
        select a.actor as "actorId", f.tenant_id as id, f.slug, f.name, f.status, f.metadata,
          f.member_count as "memberCount", f.created_at as "createdAt", f.deletion_at as "deletionAt",
          f.membership_id as "membershipId", f.permissions
        from (
          select actor, array_remove(array_agg(id), null) as ids, array_remove(array_agg(slug), null) as slugs
          from unnest(${asks.map(({ actorId }) => actorId)}::uuid[],
            ${asks.map(({ tenant }) => ('id' in tenant ? tenant.id : null))}::uuid[],
            ${asks.map(({ tenant }) => ('slug' in tenant ? tenant.slug : null))}::text[]
          ) as u (actor, id, slug)
          group by actor
        ) a
        cross join lateral find_access(a.actor, a.ids, a.slugs) f`,
    );
    const byName = new Map(
      rows.flatMap(({ actorId, ...access }) => [
        [toKey({ actorId, tenant: { id: access.id } }), access],
        [toKey({ actorId, tenant: { slug: access.slug } }), access],
      ]),
    );
    return asks.map((ask) => byName.get(toKey(ask)) ?? null);
  }, toKey);
}

function toKey({ actorId, tenant }: MemberAccessQuery): string {
  return `${actorId} ${'id' in tenant ? tenant.id : `/${tenant.slug}`}`;
}

/** The columns of a tenant `t` under the names of the record. */
export const tenantColumns = Prisma.sql`
  t.id, t.slug, t.name, t.status, t.metadata, t.member_count as "memberCount",
  t.created_at as "createdAt", t.deletion_at as "deletionAt"`;
