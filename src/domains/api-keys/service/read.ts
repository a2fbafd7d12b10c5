import { authorize, findAccess } from '../../../core/access/authorize.ts';
import { permission } from '../../../core/access/permissions.ts';
import { getTenantScope } from '../../../core/access/scopes.ts';
import type { Ctx } from '../../../core/context.ts';
import { type Page, type PageArgs, parsePage, toPage } from '../../../core/data/page.ts';
import type { ApiKey } from '../../../core/entities.ts';
import { effectivePermissionsLoader } from '../loaders.ts';
import * as queries from '../queries.ts';
import type { ApiKeyRef } from './create.ts';

const readKeys = permission('api-keys:read');

/**
 * The keys of a tenant, newest first; including ended ones, since the audit log refers to them. Needs
 * api-keys:read. Throws NotFoundError, ForbiddenError, InvalidInputError.
 */
export async function listApiKeys(
  ctx: Ctx,
  tenantId: string,
  page: PageArgs,
): Promise<Page<ApiKey>> {
  await authorize(ctx, { id: tenantId }, readKeys);
  const request = parsePage(ctx, page, JSON.stringify(['api-keys', tenantId]));
  const rows = await ctx.db.read(getTenantScope(ctx, tenantId), (db) =>
    queries.listApiKeys(db, tenantId, request),
  );
  return toPage(ctx, request, rows, { toKey: queries.toApiKeyKey });
}

/** One key: the caller itself, or any in a tenant where it has api-keys:read; else null. */
export async function findApiKey(ctx: Ctx, ref: ApiKeyRef): Promise<ApiKey | null> {
  const { principal } = ctx;
  if (principal.kind === 'apiKey' && isOwnKey(ctx, ref)) return principal.apiKey;
  const access = await findAccess(ctx, { id: ref.tenantId });
  if (!access?.permissions.has(readKeys)) return null;
  return await ctx.db.read(getTenantScope(ctx, ref.tenantId), (db) => queries.findApiKey(db, ref));
}

/** Current permissions of a key the caller can see; none if it is not valid. */
export async function listPermissionsOf(ctx: Ctx, key: ApiKey): Promise<readonly string[]> {
  const { principal } = ctx;
  if (key.revokedAt !== null) return [];
  if (principal.kind === 'apiKey' && isOwnKey(ctx, key)) return principal.permissions;
  return (await effectivePermissionsLoader(ctx).load(key)) ?? [];
}

/** True for the very key by which the caller asks. */
export function isOwnKey({ principal }: Ctx, { id, tenantId }: ApiKeyRef): boolean {
  if (principal.kind !== 'apiKey') return false;
  return principal.apiKey.id === id && principal.apiKey.tenantId === tenantId;
}
