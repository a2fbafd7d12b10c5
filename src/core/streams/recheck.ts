import type { Database } from '../../db/database.ts';
import type { Permission } from '../access/permissions.ts';
import { ForbiddenError, NotFoundError, UnauthenticatedError } from '../app-error.ts';
import {
  becomePrincipal,
  type Ctx,
  findActorId,
  findBoundTenantId,
  isPlatformAdmin,
  limitToCredential,
} from '../context.ts';
import { createBatcher } from '../data/batcher.ts';
import type { GrantQuery, Runtime } from '../runtime.ts';

/** A permission that must still be granted in a tenant. */
export type Need = { tenantId: string; permission: Permission };

/**
 * Asks anew who the credential of a long-lived operation is good for, and whether that is enough. `ctx`
 * goes on as what it is good for now, and forgets what was loaded before. Many that ask at once share
 * a statement or two. Throws UnauthenticatedError, NotFoundError, ForbiddenError.
 */
export async function recheck(ctx: Ctx, need: Need | null): Promise<void> {
  await renew(ctx);
  if (need === null || ctx.runtime.trustsDatabaseAlone || isPlatformAdmin(ctx)) return;
  const { tenantId, permission } = need;
  const boundTo = findBoundTenantId(ctx);
  const userId = findActorId(ctx);
  const mayAsk = userId !== null && (boundTo === null || boundTo === tenantId);
  const isGranted = mayAsk ? await ctx.runtime.findGrant({ userId, ...need }) : null;
  if (isGranted && limitToCredential(ctx, [permission]).has(permission)) return;
  // What took the right away may have ended the credential too, just after that was looked at.
  await renew(ctx);
  if (isGranted === null)
    throw new NotFoundError('This tenant does not exist or is not visible to you.');
  throw new ForbiddenError(`This requires the permission "${permission}" in the tenant.`);
}

async function renew(ctx: Ctx): Promise<void> {
  if (ctx.reauthenticate) becomePrincipal(ctx, await ctx.reauthenticate());
  if (ctx.principal.kind === 'anonymous') {
    throw new UnauthenticatedError('The credential of this stream is no longer valid.');
  }
}

/** Finds whether users have permissions in tenants, many at once in one statement. */
export function createGrantFinder(db: Database): Runtime['findGrant'] {
  type Row = { ordinal: number; isGranted: boolean };
  return createBatcher(
    async (asks: readonly GrantQuery[]) => {
      const rows = await db.ask(
        (raw) => raw.$queryRaw<Row[]>`
          select ordinal::int as ordinal, is_granted as "isGranted"
          from list_grants(${asks.map(({ userId }) => userId)}::uuid[],
            ${asks.map(({ tenantId }) => tenantId)}::uuid[],
            ${asks.map(({ permission }) => permission)}::text[])`,
      );
      const byOrdinal = new Map(rows.map(({ ordinal, isGranted }) => [ordinal, isGranted]));
      return asks.map((_ask, index) => byOrdinal.get(index + 1) ?? null);
    },
    ({ userId, tenantId, permission }) => `${userId} ${tenantId} ${permission}`,
  );
}
