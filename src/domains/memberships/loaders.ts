import { getReader } from '../../core/access/scopes.ts';
import { createBatcher } from '../../core/data/batcher.ts';
import {
  createLoader,
  createTenantOwnedLoader,
  type TenantOwnedRef,
} from '../../core/data/loader.ts';
import type { Membership } from '../../core/entities.ts';
import { createShared } from '../../core/shared-parts.ts';
import { noScope } from '../../db/scope.ts';
import { tenantLoader } from '../tenants/loaders.ts';
import {
  listMemberships,
  listVisibleMemberships,
  type MembershipOfUser,
  type MembershipsQuery,
} from './queries.ts';

/** A page of one user's memberships. */
export type UserMembershipsRef = { userId: string; afterId: string | null; pageSize: number };

/** Loads the memberships of a user that the caller may see, and primes their tenants for `Membership.tenant`. */
export const userMembershipsLoader = createLoader<UserMembershipsRef, readonly Membership[]>(
  async (ctx, refs) => {
    const { scope, actorId, onlyTenant } = getReader(ctx);
    const queries = refs.map((ref) => ({ ...ref, actorId, onlyTenant }));
    const found =
      scope === noScope
        ? await Promise.all(queries.map(getMembershipLister(ctx.runtime)))
        : await ctx.db.read(scope, (db) => listVisibleMemberships(db, queries));
    return found.map((ofUser) => {
      for (const { tenant } of ofUser) tenantLoader(ctx).prime(tenant.id, tenant);
      return ofUser.map(({ membership }) => membership);
    });
  },
  ({ userId, afterId, pageSize }) => `${userId}/${afterId}/${pageSize}`,
);

/** Lists memberships of users, batched over all requests into one statement. */
const getMembershipLister = createShared(({ db }) =>
  createBatcher<MembershipsQuery, readonly MembershipOfUser[]>(
    (queries) => db.ask((raw) => listVisibleMemberships(raw, queries)),
    ({ actorId, userId, onlyTenant, afterId, pageSize }) =>
      `${actorId} ${userId} ${onlyTenant} ${afterId} ${pageSize}`,
  ),
);

export type MembershipRef = TenantOwnedRef;

/** Loads memberships by tenant and id. The caller must be authorized in the tenant. */
export const membershipLoader = createTenantOwnedLoader<Membership>(async (db, tenantId, ids) => {
  const memberships = await listMemberships(db, tenantId, { ids });
  return memberships.map((membership) => [membership.id, membership]);
});
