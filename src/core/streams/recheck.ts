import type { Permission } from '../access/permissions.ts';
import { createNotFound, ForbiddenError, UnauthenticatedError } from '../app-error.ts';
import {
  becomePrincipal,
  type Ctx,
  findActorId,
  findBoundTenantId,
  isPlatformAdmin,
  limitToCredential,
} from '../context.ts';
import { createBatcher } from '../data/batcher.ts';
import { createShared } from '../shared-parts.ts';

/** A permission that a stream needs in a tenant. */
export type Need = { tenantId: string; permission: Permission };

/**
 * Authenticates and authorizes a stream again. `ctx` gets the current principal and discards what was loaded before.
 * Concurrent rechecks share their statements.
 * @throws UnauthenticatedError, NotFoundError, ForbiddenError
 */
export async function recheck(ctx: Ctx, need: Need | null): Promise<void> {
  await renew(ctx);
  if (need === null || ctx.runtime.trustsDatabaseAlone || isPlatformAdmin(ctx)) return;
  const { tenantId, permission } = need;
  const boundTo = findBoundTenantId(ctx);
  const userId = findActorId(ctx);
  const isInScope = userId !== null && (boundTo === null || boundTo === tenantId);
  const isGranted = isInScope ? await getGrantFinder(ctx.runtime)({ userId, ...need }) : null;
  if (isGranted && limitToCredential(ctx, [permission]).has(permission)) return;
  // The change that revoked the permission may have revoked the credential too, after the check above.
  await renew(ctx);
  if (isGranted === null) throw createNotFound('tenant');
  throw new ForbiddenError(`This requires the permission "${permission}" in the tenant.`);
}

async function renew(ctx: Ctx): Promise<void> {
  if (ctx.reauthenticate) becomePrincipal(ctx, (await ctx.reauthenticate()).principal);
  if (ctx.principal.kind === 'anonymous') {
    throw new UnauthenticatedError('The credential of this stream is no longer valid.');
  }
}

type GrantQuery = Need & { userId: string };
type GrantRow = { ordinal: number; isGranted: boolean };

/** Whether users have permissions in tenants, batched over all streams in one statement; null for no member. */
export const getGrantFinder = createShared(({ db }) =>
  createBatcher<GrantQuery, boolean | null>(
    async (queries) => {
      const rows = await db.ask(
        (raw) => raw.$queryRaw<GrantRow[]>`
          select ordinal::int as ordinal, is_granted as "isGranted"
          from list_grants(${queries.map(({ userId }) => userId)}::uuid[],
            ${queries.map(({ tenantId }) => tenantId)}::uuid[],
            ${queries.map(({ permission }) => permission)}::text[])`,
      );
      const byOrdinal = new Map(rows.map(({ ordinal, isGranted }) => [ordinal, isGranted]));
      return queries.map((_query, index) => byOrdinal.get(index + 1) ?? null);
    },
    ({ userId, tenantId, permission }) => `${userId} ${tenantId} ${permission}`,
  ),
);
