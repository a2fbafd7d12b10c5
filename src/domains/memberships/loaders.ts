import { createLoader, createTenantOwnedLoader, type TenantOwnedRef } from '../../core/loader.ts';
import type { Membership } from '../../core/records.ts';
import { getReader } from '../../core/scopes.ts';
import { tenantLoader } from '../tenants/loaders.ts';
import { listMemberships, listVisibleMemberships } from './queries.ts';

/** A page of the memberships of one user. */
export type UserMembershipsRef = { userId: string; afterId: string | null; pageSize: number };

/**
 * Memberships by user, those that the caller may see. Their tenants come along and answer
 * `Membership.tenant` without another statement.
 */
export const userMembershipsLoader = createLoader<
  UserMembershipsRef,
  readonly Membership[],
  string
>(
  async (ctx, refs) => {
    const { scope, actorId, onlyTenant } = getReader(ctx);
    const byPage = Map.groupBy(refs, ({ afterId, pageSize }) => `${afterId}/${pageSize}`);
    const found = await Promise.all(
      [...byPage.values()].map(async (ofPage) => {
        const [{ afterId, pageSize }] = ofPage as [UserMembershipsRef];
        const userIds = ofPage.map(({ userId }) => userId);
        const rows = await ctx.db.read(scope, (db) =>
          listVisibleMemberships(db, {
            actorId,
            userIds,
            onlyTenant,
            afterId,
            pageSize,
          }),
        );
        for (const { tenant } of rows) tenantLoader(ctx).prime(tenant.id, tenant);
        const byUser = Map.groupBy(rows, ({ membership }) => membership.userId);
        return ofPage.map((ref) => ({ ref, rows: byUser.get(ref.userId) ?? [] }));
      }),
    );
    const byRef = new Map(found.flat().map(({ ref, rows }) => [ref, rows]));
    return refs.map((ref) => (byRef.get(ref) ?? []).map(({ membership }) => membership));
  },
  ({ userId, afterId, pageSize }) => `${userId}/${afterId}/${pageSize}`,
);

export type MembershipRef = TenantOwnedRef;

/** Memberships by tenant and id. The caller has been authorised in the tenant. */
export const membershipLoader = createTenantOwnedLoader<Membership>(async (db, tenantId, ids) => {
  const memberships = await listMemberships(db, tenantId, { ids });
  return memberships.map((membership) => [membership.id, membership]);
});
