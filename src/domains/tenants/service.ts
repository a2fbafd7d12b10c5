import { type Access, authorize, clearAccess, findAccess } from '../../core/access/authorize.ts';
import { permission } from '../../core/access/permissions.ts';
import { getOwnScope, getPlatformScope, getTenantScope } from '../../core/access/scopes.ts';
import { ConflictError, ForbiddenError } from '../../core/app-error.ts';
import { listChanges, recordAudit } from '../../core/audit.ts';
import {
  type Ctx,
  getSignedIn,
  isPlatformAdmin,
  requirePlatformAdmin,
} from '../../core/context.ts';
import { type Page, type PageArgs, parsePage, toPage } from '../../core/data/page.ts';
import { parseSearch } from '../../core/data/search.ts';
import type { JsonObject, Tenant } from '../../core/entities.ts';
import { type IdempotentInput, transactOnce } from '../../core/idempotency.ts';
import { checkMetadata, checkSlug, checkText } from '../../core/input.ts';
import type { Db } from '../../db/database.ts';
import { isConstraintViolation } from '../../db/error-map.ts';
import { trimCode } from '../../lib/blanks.ts';
import { proposeSlugs } from '../../lib/slug.ts';
import { createUuidV7 } from '../../lib/uuid.ts';
import { policyLoader } from './loaders.ts';
import * as queries from './queries.ts';
import { checkSettings } from './rules.ts';
import { changeSettings } from './service/settings.ts';

const readTenant = permission('tenant:read');
const deleteTenant = permission('tenant:delete');
const changeTenant = permission('tenant:update');

/** Maximum length of a name, in code points. */
export const tenantNameMax = 100;

/** Finds a tenant by id or slug. Returns null if the caller has no access to it. */
export async function findTenant(
  ctx: Ctx,
  by: { id: string } | { slug: string },
): Promise<Tenant | null> {
  const ref = 'slug' in by ? { slug: trimCode(by.slug) } : by;
  const access = await findAccess(ctx, ref);
  return access?.tenant ?? null;
}

export type TenantListInput = {
  page: PageArgs;
  filter: queries.TenantFilter;
  order: queries.TenantOrder | null;
};

/** Lists all tenants. Platform administrators only. @throws ForbiddenError, InvalidInputError */
export async function listTenants(ctx: Ctx, input: TenantListInput): Promise<Page<Tenant>> {
  requirePlatformAdmin(ctx);
  const { isSearch, filter, order } = parseSearch(input.filter, input.order);
  const binding = JSON.stringify(['tenants', filter, order]);
  const request = parsePage(ctx, input.page, binding);
  const scope = getPlatformScope(ctx);
  const rows = await ctx.db.read(scope, (db) =>
    isSearch
      ? queries.searchTenants(db, request, filter)
      : queries.listTenants(db, request, order, filter.status ?? null),
  );
  const isUnfiltered = !isSearch && !filter.status;
  const count = isUnfiltered ? () => ctx.db.read(scope, queries.countTenants) : null;
  return toPage(ctx, request, rows, { toKey: queries.toTenantKey(order), count });
}

export type CreateTenantInput = IdempotentInput & {
  name: string;
  slug?: string | null | undefined;
  metadata?: JsonObject | null | undefined;
};

/**
 * Creates a tenant that the caller owns.
 * @throws InvalidInputError, ForbiddenError in a session bound to a tenant, ConflictError if the given slug is taken or
 * the first call with the idempotency key is still running
 */
export async function createTenant(ctx: Ctx, input: CreateTenantInput): Promise<Tenant> {
  const { user, session } = getSignedIn(ctx);
  if (session.tenantId !== null) {
    throw new ForbiddenError('This session is bound to one tenant and cannot create another.');
  }
  const tenant = checkNewTenant(input, 'name', 'slug');
  const once = { mutation: 'createTenant', input, scope: getOwnScope(ctx) };
  return await withSlugConflict('slug', () =>
    transactOnce(ctx, once, async (tx) => {
      await createRecordedTenant(ctx, tx, user.id, tenant);
      return await queries.getFoundedTenant(tx, user.id, tenant.id);
    }),
  );
}

/** Creates a tenant with its owner and records it in the audit log. */
export async function createRecordedTenant(
  ctx: Ctx,
  tx: Db,
  ownerId: string,
  tenant: queries.NewTenant,
): Promise<void> {
  const slug = await queries.createTenantWithOwner(tx, ownerId, tenant);
  const { id, name } = tenant;
  await recordAudit(ctx, tx, {
    action: 'tenant.created',
    tenantId: id,
    target: { type: 'Tenant', id },
    changes: { slug: [null, slug], name: [null, name] },
  });
}

/**
 * Checks the input of a new tenant. Without a slug it gets the first free one derived from its name.
 * @throws InvalidInputError
 */
export function checkNewTenant(
  input: CreateTenantInput,
  nameField: string,
  slugField: string,
): queries.NewTenant {
  const name = checkText(nameField, input.name, tenantNameMax);
  return {
    id: createUuidV7(),
    name,
    slugs: input.slug == null ? proposeSlugs(name) : [checkSlug(slugField, input.slug)],
    metadata: input.metadata == null ? {} : checkMetadata('metadata', input.metadata),
  };
}

/** Runs work and converts the violation of a taken slug to a ConflictError that names the field. */
export async function withSlugConflict<T>(field: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isConstraintViolation(error, 'tenants_slug_unique')) throw error;
    throw new ConflictError('This slug is taken; please choose another.', [field]);
  }
}

export type UpdateTenantInput = {
  tenantId: string;
  name?: string | null | undefined;
  slug?: string | null | undefined;
  metadata?: JsonObject | null | undefined;
  settings?: JsonObject | null | undefined;
};

/**
 * Changes the name, slug, metadata or settings of a tenant. Requires tenant:update.
 * @throws InvalidInputError, NotFoundError, ForbiddenError, ConflictError if the slug is taken
 */
export async function updateTenant(ctx: Ctx, input: UpdateTenantInput): Promise<Tenant> {
  const access = await authorize(ctx, { id: input.tenantId }, changeTenant);
  const changes: queries.TenantChanges = {
    name: input.name == null ? undefined : checkText('name', input.name, tenantNameMax),
    slug: input.slug == null ? undefined : checkSlug('slug', input.slug),
    metadata: input.metadata == null ? undefined : checkMetadata('metadata', input.metadata),
  };
  const settings =
    input.settings == null
      ? null
      : checkSettings(checkMetadata('settings', input.settings), ctx.runtime.sessionLimits);
  const changed = await withSlugConflict('slug', () =>
    ctx.db.transaction(getTenantScope(ctx, input.tenantId), async (tx) => {
      const settingChanges = settings ? await changeSettings(tx, access, settings) : {};
      const after = await queries.updateTenant(tx, input.tenantId, changes);
      if (after === null) return null;
      await recordAudit(ctx, tx, {
        action: 'tenant.updated',
        tenantId: after.id,
        target: { type: 'Tenant', id: after.id },
        changes: {
          ...listChanges(access.tenant, after, ['name', 'slug', 'metadata']),
          ...settingChanges,
        },
      });
      return after;
    }),
  );
  clearAccess(ctx);
  policyLoader(ctx).clear(input.tenantId);
  return changed ?? access.tenant;
}

/**
 * Authorizes reading more of a tenant than its name. tenant:delete suffices, because it is the only permission left
 * while the deletion is pending.
 * @throws NotFoundError, ForbiddenError
 */
export async function authorizeReading(ctx: Ctx, tenantId: string): Promise<void> {
  if (isPlatformAdmin(ctx)) return;
  const access = await findAccess(ctx, { id: tenantId });
  if (!access?.permissions.has(deleteTenant)) await authorize(ctx, { id: tenantId }, readTenant);
}

/** Lists the caller's permissions in a tenant, sorted; empty for callers without access. */
export async function listOwnPermissions(ctx: Ctx, tenantId: string): Promise<readonly string[]> {
  const access: Access | null = await findAccess(ctx, { id: tenantId });
  return access ? [...access.permissions].sort() : [];
}
