import { type Access, authorize, findAccess } from '../../../core/access/authorize.ts';
import { permission } from '../../../core/access/permissions.ts';
import { createAnonymous } from '../../../core/access/principal.ts';
import { getTenantScope } from '../../../core/access/scopes.ts';
import { createNotFound } from '../../../core/app-error.ts';
import { recordAudit } from '../../../core/audit.ts';
import { becomePrincipal, type Ctx, getAuthenticated } from '../../../core/context.ts';
import type { ApiKey } from '../../../core/entities.ts';
import { tenantLoader } from '../../tenants/loaders.ts';
import { lockTenant } from '../../tenants/queries.ts';
import * as queries from '../queries.ts';
import type { ApiKeyRef } from './create.ts';
import { isOwnKey } from './read.ts';

const manageKeys = permission('api-keys:manage');

/**
 * Ends a key at once and for good; one that was revoked before stays as it is. Needs api-keys:manage, but
 * not the rights of the key: taking away is safe. A key may end itself, as a program should that has to
 * fear for it. Throws NotFoundError, ForbiddenError.
 */
export async function revokeApiKey(ctx: Ctx, ref: ApiKeyRef): Promise<ApiKey> {
  getAuthenticated(ctx);
  const isOwn = isOwnKey(ctx, ref);
  const access = isOwn ? await findAccess(ctx, { id: ref.tenantId }) : await authorizeFor(ctx, ref);
  const revoked = await ctx.db.transaction(getTenantScope(ctx, ref.tenantId), async (tx) => {
    // Everybody locks tenants first: who erases the creator would otherwise wait for us, and we for them.
    await lockTenant(tx, ref.tenantId);
    const ended = await queries.revokeApiKey(tx, ref);
    if (ended === null) return await queries.findApiKey(tx, ref);
    await recordAudit(ctx, tx, {
      action: 'api_key.revoked',
      tenantId: ref.tenantId,
      target: { type: 'ApiKey', id: ref.id },
      changes: { name: [ended.name, null], revokedAt: [null, ended.revokedAt] },
    });
    return ended;
  });
  if (!revoked) throw createNotFound('API key');
  if (isOwn) leaveKey(ctx, access);
  return revoked;
}

function authorizeFor(ctx: Ctx, { tenantId }: ApiKeyRef): Promise<Access> {
  return authorize(ctx, { id: tenantId }, manageKeys, 'API key');
}

/** The rest of the operation is nobody's; the answer still says whose key that was. */
function leaveKey(ctx: Ctx, access: Access | null): void {
  becomePrincipal(ctx, createAnonymous());
  if (access) tenantLoader(ctx).prime(access.tenant.id, access.tenant);
}
