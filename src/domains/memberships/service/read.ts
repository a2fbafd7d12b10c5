import { authorize, findAccess } from '../../../core/access/authorize.ts';
import { mayManage } from '../../../core/access/grants.ts';
import { permission } from '../../../core/access/permissions.ts';
import { getTenantScope } from '../../../core/access/scopes.ts';
import { type Ctx, findSignedInUserId, getAuthenticated } from '../../../core/context.ts';
import { type Page, type PageArgs, parsePage, toPage } from '../../../core/data/page.ts';
import type { Membership } from '../../../core/entities.ts';
import { checkEmail, checkText } from '../../../core/input.ts';
import { userLoader } from '../../users/loaders.ts';
import { membershipLoader, userMembershipsLoader } from '../loaders.ts';
import * as queries from '../queries/members.ts';
import { listPermissions } from '../rules.ts';

const readMembers = permission('members:read');
/** Permissions that apply to single members. */
const memberPermissions: ReadonlySet<string> = new Set([
  permission('members:update'),
  permission('members:remove'),
]);

export type MemberListInput = {
  page: PageArgs;
  filter: queries.MembershipFilter;
  order: queries.MembershipOrder | null;
};

/**
 * Lists the members of a tenant, most recent sign-in first by default. Requires members:read.
 * @throws NotFoundError, ForbiddenError, InvalidInputError
 */
export async function listMembers(
  ctx: Ctx,
  tenantId: string,
  input: MemberListInput,
): Promise<Page<Membership>> {
  await authorize(ctx, { id: tenantId }, readMembers);
  const filter = checkFilter(input.filter);
  const order = input.order ?? { field: 'lastSignInAt', isDescending: true };
  const binding = JSON.stringify(['members', tenantId, filter, order]);
  const request = parsePage(ctx, input.page, binding);
  const scope = getTenantScope(ctx, tenantId);
  const members = await ctx.db.read(scope, (db) =>
    queries.listMembers(db, tenantId, request, { filter, order }),
  );
  for (const { user } of members) userLoader(ctx).prime(user.id, user);
  const isUnfiltered = Object.values(filter).every((value) => value == null);
  const count = isUnfiltered
    ? () => ctx.db.read(scope, (db) => queries.countMembers(db, tenantId))
    : null;
  const page = toPage(ctx, request, members, { toKey: ({ cursorKey }) => cursorKey, count });
  return { ...page, rows: page.rows.map(({ membership }) => membership) };
}

function checkFilter(filter: queries.MembershipFilter): queries.MembershipFilter {
  return {
    isActive: filter.isActive,
    roleKey: filter.roleKey == null ? null : checkText('roleKey', filter.roleKey, 50),
    email: filter.email == null ? null : checkEmail('email', filter.email),
  };
}

/** Lists the memberships of a user that the caller may see, in the order of joining. */
export async function listMembershipsOfUser(
  ctx: Ctx,
  userId: string,
  page: Pick<PageArgs, 'first' | 'after'>,
): Promise<Page<Membership>> {
  getAuthenticated(ctx);
  const request = parsePage(ctx, page, JSON.stringify(['memberships', userId]));
  const rows = await userMembershipsLoader(ctx).load({
    userId,
    afterId: request.after?.[0] ?? null,
    pageSize: request.size + 1,
  });
  return toPage(ctx, request, rows, { toKey: ({ id }) => [id] });
}

/** Finds a membership: the caller's own, or any in a tenant where they have members:read. */
export async function findMembership(
  ctx: Ctx,
  tenantId: string,
  membershipId: string,
): Promise<Membership | null> {
  const access = await findAccess(ctx, { id: tenantId });
  const isVisible = access?.membershipId === membershipId || access?.permissions.has(readMembers);
  return isVisible ? await membershipLoader(ctx).load({ tenantId, id: membershipId }) : null;
}

/** Finds the caller's own membership in a tenant. */
export async function findOwnMembership(ctx: Ctx, tenantId: string): Promise<Membership | null> {
  const access = await findAccess(ctx, { id: tenantId });
  return access?.membershipId ? await findMembership(ctx, tenantId, access.membershipId) : null;
}

/** Lists the caller's permissions on a membership. */
export async function listOwnPermissionsOn(ctx: Ctx, membership: Membership): Promise<string[]> {
  const access = await findAccess(ctx, { id: membership.tenantId });
  if (!access) return [];
  const isOwn = membership.userId === findSignedInUserId(ctx);
  const canManage = isOwn || mayManage(access.permissions, listPermissions(membership));
  return [...access.permissions]
    .filter(
      (permission) =>
        permission === readMembers || (canManage && memberPermissions.has(permission)),
    )
    .sort();
}
