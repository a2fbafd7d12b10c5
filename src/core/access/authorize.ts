import { Prisma } from '../../db/generated/client.ts';
import { hasSlugForm } from '../../lib/slug.ts';
import { nilUuid } from '../../lib/uuid.ts';
import { createNotFound, ForbiddenError, UnauthenticatedError } from '../app-error.ts';
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
import { createShared } from '../shared-parts.ts';
import { allPermissions, type Permission, permission } from './permissions.ts';
import { getPlatformScope } from './scopes.ts';

const deleteTenant = permission('tenant:delete');

/** A tenant and the caller's permissions in it. */
export type Access = {
  tenant: Tenant;
  /** The caller's membership; null for a platform administrator who is no member, and for an API key. */
  membershipId: string | null;
  permissions: ReadonlySet<Permission>;
};

/** Returns the caller's access to a tenant, or null if the caller cannot see the tenant. */
export async function findAccess(ctx: Ctx, tenant: TenantRef): Promise<Access | null> {
  const access = await accessLoader(ctx).load(tenant);
  if (access !== null) ctx.enteredTenantId = access.tenant.id;
  return access;
}

/**
 * Authorizes the caller in a tenant; every access to a tenant goes through here. `noun` names the requested object in
 * the error.
 * @throws UnauthenticatedError for anonymous callers, NotFoundError if the tenant is absent or not the caller's (both
 * look the same), ForbiddenError without the permission
 */
export async function authorize(
  ctx: Ctx,
  tenant: TenantRef,
  permission: Permission,
  noun = 'tenant',
): Promise<Access> {
  if (ctx.principal.kind === 'anonymous') throw new UnauthenticatedError();
  const access = await findAccess(ctx, tenant);
  if (access === null) throw createNotFound(noun);
  const {
    permissions,
    tenant: { status },
  } = access;
  if (status !== 'active' && !permissions.has(permission))
    throw new ForbiddenError(reasons[status]);
  requirePermission(permissions, permission);
  return access;
}

/** @throws ForbiddenError unless the permission is held */
export function requirePermission(held: ReadonlySet<string>, permission: Permission): void {
  if (held.has(permission)) return;
  throw new ForbiddenError(`This requires the permission "${permission}" in the tenant.`);
}

const reasons = {
  suspended: 'This tenant is suspended; nothing in it can be viewed or changed.',
  pending_deletion: 'This tenant is pending deletion; it can only be restored.',
};

/** Discards loaded access after this request changed the caller's permissions. */
export function clearAccess(ctx: Ctx): void {
  accessLoader(ctx).clearAll();
}

const accessLoader = createLoader<TenantRef, Access | null>(
  async (ctx, refs) => {
    const accesses = await listAccesses(ctx, refs);
    recordTenant(ctx, accesses);
    // Fields below a tenant found by slug look it up by id.
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

/** Records the tenant of the request; several at once are a list. */
function recordTenant({ request: { telemetry } }: Ctx, [access, ...others]: Access[]): void {
  if (access !== undefined && others.length === 0) telemetry.tenantId ??= access.tenant.id;
}

/** Access as if every check had passed, for tests of row security. */
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
  // PostgreSQL rejects NUL in text, and a text that is not a slug names no tenant.
  const known = refs.filter((ref) => 'id' in ref || hasSlugForm(ref.slug));
  const isUnchecked = ctx.runtime.trustsDatabaseAlone;
  if (isPlatformAdmin(ctx) && !isUnchecked) return await listPlatformAccesses(ctx, known);
  const actorId = findActorId(ctx);
  if (actorId === null) return [];
  const find = getAccessFinder(ctx.runtime);
  const found = await Promise.all(known.map((tenant) => find({ actorId, tenant })));
  const boundTo = findBoundTenantId(ctx);
  return found
    .filter((row) => row !== null)
    .filter((row) => boundTo === null || row.id === boundTo)
    .map(({ membershipId, permissions, ...tenant }) => ({
      tenant,
      // The membership is the creator's: an API key itself is no member.
      membershipId: ctx.principal.kind === 'apiKey' ? null : membershipId,
      permissions: limitToCredential(
        ctx,
        permissions.filter((permission) => remains(permission, tenant.status)),
      ),
    }));
}

/**
 * Members of an inactive tenant see only its status. The permission to delete it also allows restoring it, so it
 * remains during a pending deletion.
 */
function remains(permission: Permission, status: TenantStatus): boolean {
  return status === 'active' || (status === 'pending_deletion' && permission === deleteTenant);
}

/** A platform administrator has all permissions in every tenant, and may also be a member. */
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

type MemberAccessQuery = { actorId: string; tenant: TenantRef };

/** A tenant, and the permissions that a member's roles grant in it. */
type MemberAccess = Tenant & { membershipId: string; permissions: Permission[] };
type MemberAccessRow = MemberAccess & { actorId: string };

/**
 * Finds the permissions of members in tenants, batched over all requests in one statement; null for no member. The
 * actor is part of each key, so no caller gets another's result.
 */
const getAccessFinder = createShared(({ db }) =>
  createBatcher<MemberAccessQuery, MemberAccess | null>(async (queries) => {
    const rows = await db.ask(
      (raw) => raw.$queryRaw<MemberAccessRow[]>`
        select a.actor as "actorId", f.tenant_id as id, f.slug, f.name, f.status, f.metadata,
          f.member_count as "memberCount", f.created_at as "createdAt", f.deletion_at as "deletionAt",
          f.membership_id as "membershipId", f.permissions
        from (
          select actor, array_remove(array_agg(id), null) as ids, array_remove(array_agg(slug), null) as slugs
          from unnest(${queries.map(({ actorId }) => actorId)}::uuid[],
            ${queries.map(({ tenant }) => ('id' in tenant ? tenant.id : null))}::uuid[],
            ${queries.map(({ tenant }) => ('slug' in tenant ? tenant.slug : null))}::text[]
          ) as u (actor, id, slug)
          group by actor
        ) a
        cross join lateral find_access(a.actor, a.ids, a.slugs) f`,
    );
    const byKey = new Map(
      rows.flatMap(({ actorId, ...access }) => [
        [toKey({ actorId, tenant: { id: access.id } }), access],
        [toKey({ actorId, tenant: { slug: access.slug } }), access],
      ]),
    );
    return queries.map((query) => byKey.get(toKey(query)) ?? null);
  }, toKey),
);

function toKey({ actorId, tenant }: MemberAccessQuery): string {
  return `${actorId} ${'id' in tenant ? tenant.id : `/${tenant.slug}`}`;
}

/** The columns of a tenant `t`, named as in the entity. */
export const tenantColumns = Prisma.sql`
  t.id, t.slug, t.name, t.status, t.metadata, t.member_count as "memberCount",
  t.created_at as "createdAt", t.deletion_at as "deletionAt"`;
