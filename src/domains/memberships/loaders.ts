import { getReader } from '../../core/access/scopes.ts';
import { createBatcher } from '../../core/data/batcher.ts';
import {
  createLoader,
  createTenantOwnedLoader,
  type TenantOwnedRef,
} from '../../core/data/loader.ts';
import type { Membership } from '../../core/entities.ts';
import type { MembershipsQuery, Runtime } from '../../core/runtime.ts';
import type { Database } from '../../db/database.ts';
import { noScope } from '../../db/scope.ts';
import { tenantLoader } from '../tenants/loaders.ts';
import { listMemberships, listVisibleMemberships } from './queries.ts';

/** A page of the memberships of one user. */
export type UserMembershipsRef = { userId: string; afterId: string | null; pageSize: number };

/**
 * Memberships by user, those that the caller may see. Their tenants come along and answer
 * `Membership.tenant` without another statement.
 */
export const userMembershipsLoader = createLoader<UserMembershipsRef, readonly Membership[]>(
  async (ctx, refs) => {
    const { scope, actorId, onlyTenant } = getReader(ctx);
    const asks = refs.map((ref) => ({ ...ref, actorId, onlyTenant }));
    const found =
      scope === noScope
        ? await Promise.all(asks.map(ctx.runtime.listMembershipsOfUser))
        : await ctx.db.read(scope, (db) => listVisibleMemberships(db, asks));
    return found.map((ofUser) => {
      for (const { tenant } of ofUser) tenantLoader(ctx).prime(tenant.id, tenant);
      return ofUser.map(({ membership }) => membership);
    });
  },
  ({ userId, afterId, pageSize }) => `${userId}/${afterId}/${pageSize}`,
);

/** Finds memberships of users for all requests in flight, in one statement. */
export function createMembershipFinder(db: Database): Runtime['listMembershipsOfUser'] {
  return createBatcher(
    (asks: readonly MembershipsQuery[]) => db.ask((raw) => listVisibleMemberships(raw, asks)),
    ({ actorId, userId, onlyTenant, afterId, pageSize }) =>
      `${actorId} ${userId} ${onlyTenant} ${afterId} ${pageSize}`,
  );
}

export type MembershipRef = TenantOwnedRef;

/** Memberships by tenant and id. The caller has been authorised in the tenant. */
export const membershipLoader = createTenantOwnedLoader<Membership>(async (db, tenantId, ids) => {
  const memberships = await listMemberships(db, tenantId, { ids });
  return memberships.map((membership) => [membership.id, membership]);
});
