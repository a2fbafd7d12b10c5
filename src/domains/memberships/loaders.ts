import { getSignedIn } from '../../core/context.ts';
import { createLoader, inOrderOf } from '../../core/loader.ts';
import type { Membership } from '../../core/records.ts';
import { getTenantScope } from '../../core/scopes.ts';
import { noScope } from '../../db/scope.ts';
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
    const { user, session } = getSignedIn(ctx);
    const byPage = Map.groupBy(refs, ({ afterId, pageSize }) => `${afterId}/${pageSize}`);
    const found = await Promise.all(
      [...byPage.values()].map(async (ofPage) => {
        const [{ afterId, pageSize }] = ofPage as [UserMembershipsRef];
        const userIds = ofPage.map(({ userId }) => userId);
        const rows = await ctx.db.read(noScope, (db) =>
          listVisibleMemberships(db, {
            actorId: user.id,
            userIds,
            onlyTenant: session.tenantId,
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

export type MembershipRef = { tenantId: string; id: string };

/** Memberships by tenant and id. The caller has been authorised in the tenant. */
export const membershipLoader = createLoader<MembershipRef, Membership | null, string>(
  async (ctx, refs) => {
    const byTenant = Map.groupBy(refs, ({ tenantId }) => tenantId);
    const found = await Promise.all(
      [...byTenant].map(([tenantId, ofTenant]) =>
        ctx.db.read(getTenantScope(ctx, tenantId), (db) =>
          listMemberships(db, tenantId, { ids: ofTenant.map(({ id }) => id) }),
        ),
      ),
    );
    const keyOf = (ref: MembershipRef) => `${ref.tenantId}/${ref.id}`;
    return inOrderOf(refs.map(keyOf), found.flat(), keyOf);
  },
  ({ tenantId, id }) => `${tenantId}/${id}`,
);
