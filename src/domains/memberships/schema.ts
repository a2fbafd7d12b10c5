import { LimitReachedError, NotFoundError } from '../../core/app-error.ts';
import type {
  Membership as MembershipRecord,
  Tenant as TenantRecord,
} from '../../core/entities.ts';
import { builder } from '../../graphql/builder.ts';
import { createConnectionType, forwardArgs, pageArgs } from '../../graphql/connection.ts';
import { requireIdOf, requireTenantOwnedId, toGlobalId } from '../../graphql/ids.ts';
import { addMutation, createResultType } from '../../graphql/mutation.ts';
import { Node, registerNode } from '../../graphql/node.ts';
import { isDescending, OrderDirection } from '../../graphql/order.ts';
import { price } from '../../graphql/price.ts';
import { Role } from '../roles/schema/role.ts';
import { tenantLoader } from '../tenants/loaders.ts';
import { Tenant, TenantIdInput } from '../tenants/schema.ts';
import { userLoader } from '../users/loaders.ts';
import { User } from '../users/schema.ts';
import { listPermissions } from './rules.ts';
import { leaveTenant, removeMember, updateMembership } from './service/change.ts';
import * as service from './service/read.ts';

export const Membership = builder.objectRef<MembershipRecord>('Membership').implement({
  description: 'Links a user to a tenant, with roles.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({
      description: 'Opaque id.',
      resolve: ({ id, tenantId }) => toGlobalId('Membership', id, tenantId),
    }),
    tenant: t.field({
      type: Tenant,
      description: 'The tenant.',
      resolve: ({ tenantId }, _args, ctx) =>
        requireVisible(tenantLoader(ctx).load(tenantId), 'tenant'),
    }),
    user: t.field({
      type: User,
      description: 'The user.',
      resolve: ({ userId }, _args, ctx) => requireVisible(userLoader(ctx).load(userId), 'user'),
    }),
    roles: t.field({
      type: [Role],
      description: 'Roles of the member, by key.',
      extensions: price({ items: 5 }),
      resolve: ({ roles }) => [...roles],
    }),
    isActive: t.exposeBoolean('isActive', { description: 'False while the membership is paused.' }),
    joinedAt: t.field({
      type: 'DateTime',
      description: 'When the user joined.',
      resolve: ({ joinedAt }) => joinedAt,
    }),
    lastSignInAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the member last signed in; null if never.',
      resolve: ({ lastSignInAt }) => lastSignInAt,
    }),
    permissions: t.stringList({
      description: 'Permissions of all roles together.',
      resolve: (membership) => listPermissions(membership),
    }),
    metadata: t.field({
      type: 'JSON',
      description: 'Custom data of your product about the membership.',
      resolve: ({ metadata }) => metadata,
    }),
    viewerPermissions: t.stringList({
      description: 'Actions the caller may take on this membership.',
      resolve: (membership, _args, ctx) => service.listOwnPermissionsOn(ctx, membership),
    }),
  }),
});

registerNode('Membership', (ctx, { id, tenantId }) =>
  tenantId === null ? Promise.resolve(null) : service.findMembership(ctx, tenantId, id),
);

export const MembershipConnection = createConnectionType('Membership', Membership);

const MembershipOrderField = builder.enumType('MembershipOrderField', {
  description: 'Fields that memberships can be sorted by.',
  values: {
    LAST_SIGN_IN_AT: {
      value: 'lastSignInAt',
      description: 'Last sign-in; members who never signed in count as oldest.',
    },
    JOINED_AT: { value: 'joinedAt', description: 'When the user joined.' },
  } as const,
});

const MembershipOrder = builder.inputType('MembershipOrder', {
  description: 'Sort order for memberships.',
  fields: (t) => ({
    field: t.field({
      type: MembershipOrderField,
      required: true,
      description: 'Field to sort by.',
    }),
    direction: t.field({ type: OrderDirection, description: 'Direction; ascending by default.' }),
  }),
});

const MembershipWhere = builder.inputType('MembershipWhere', {
  description: 'Filters for memberships; all of them must match.',
  fields: (t) => ({
    roleKey: t.string({ description: 'Only members with this role.' }),
    isActive: t.boolean({ description: 'Only active or only paused memberships.' }),
    email: t.string({ description: 'Only the member with this e-mail address.' }),
  }),
});

builder.objectFields(Tenant, (t) => ({
  memberships: t.field({
    type: MembershipConnection,
    description: 'Members, most recent sign-in first by default. Requires members:read.',
    args: {
      ...pageArgs(t),
      where: t.arg({ type: MembershipWhere }),
      orderBy: t.arg({ type: MembershipOrder }),
    },
    resolve: ({ id }, { where, orderBy, ...page }, ctx) =>
      service.listMembers(ctx, id, {
        page,
        filter: where ?? {},
        order: orderBy ? { field: orderBy.field, isDescending: isDescending(orderBy) } : null,
      }),
  }),
  viewerMembership: t.field({
    type: Membership,
    nullable: true,
    description: 'The caller’s membership; null for a platform administrator who is not a member.',
    resolve: ({ id }, _args, ctx) => service.findOwnMembership(ctx, id),
  }),
}));

builder.objectField(User, 'memberships', (t) =>
  t.field({
    type: MembershipConnection,
    description: 'Memberships that the caller may see, in the order of joining.',
    args: forwardArgs(t),
    resolve: ({ id }, page, ctx) => service.listMembershipsOfUser(ctx, id, page),
  }),
);

const UpdateMembershipInput = builder.inputType('UpdateMembershipInput', {
  description: 'Omitted fields stay unchanged.',
  fields: (t) => ({
    membershipId: t.id({ required: true, description: 'Id of the membership.' }),
    roleKeys: t.stringList({ description: 'Replaces all roles; 1 to 20 keys.' }),
    isActive: t.boolean({ description: 'False pauses the membership.' }),
    metadata: t.field({ type: 'JSON', description: 'Replaces all of the metadata.' }),
  }),
});

const UpdateMembershipSuccess = builder
  .objectRef<{ membership: MembershipRecord }>('UpdateMembershipSuccess')
  .implement({
    description: 'The membership was changed.',
    fields: (t) => ({
      membership: t.expose('membership', {
        type: Membership,
        description: 'The membership after the change.',
      }),
    }),
  });

addMutation('updateMembership', {
  description: 'Changes the roles, active flag or metadata of a member. Requires members:update.',
  input: UpdateMembershipInput,
  callers: 'credentials',
  result: createResultType('UpdateMembership', UpdateMembershipSuccess, [LimitReachedError]),
  resolve: async (ctx, { membershipId, ...changes }) => ({
    membership: await updateMembership(ctx, {
      membership: requireTenantOwnedId('Membership', membershipId, 'membership'),
      ...changes,
    }),
  }),
});

const MembershipIdInput = builder.inputType('MembershipIdInput', {
  description: 'A membership.',
  fields: (t) => ({ membershipId: t.id({ required: true, description: 'Id of the membership.' }) }),
});

const RemoveMemberSuccess = builder
  .objectRef<{ membership: MembershipRecord }>('RemoveMemberSuccess')
  .implement({
    description: 'The membership has ended, along with the sessions bound to it.',
    fields: (t) => ({
      removedMembershipId: t.id({
        description: 'Id of the removed membership.',
        resolve: ({ membership }) => toGlobalId('Membership', membership.id, membership.tenantId),
      }),
    }),
  });

addMutation('removeMember', {
  description: 'Removes a member. Requires members:remove.',
  input: MembershipIdInput,
  callers: 'credentials',
  result: createResultType('RemoveMember', RemoveMemberSuccess),
  resolve: async (ctx, { membershipId }) => ({
    membership: await removeMember(
      ctx,
      requireTenantOwnedId('Membership', membershipId, 'membership'),
    ),
  }),
});

const LeaveTenantSuccess = builder
  .objectRef<{ tenantId: TenantRecord['id'] }>('LeaveTenantSuccess')
  .implement({
    description: 'The caller left the tenant.',
    fields: (t) => ({
      leftTenantId: t.id({
        description: 'Id of the tenant.',
        resolve: ({ tenantId }) => toGlobalId('Tenant', tenantId),
      }),
    }),
  });

addMutation('leaveTenant', {
  description: 'Ends the caller’s membership. The last owner cannot leave.',
  input: TenantIdInput,
  result: createResultType('LeaveTenant', LeaveTenantSuccess),
  resolve: async (ctx, input) => {
    const { id: tenantId } = requireIdOf('Tenant', input.tenantId, 'tenant');
    await leaveTenant(ctx, tenantId);
    return { tenantId };
  },
});

/**
 * Returns the object that a membership refers to, without a promise if it is loaded.
 * @throws NotFoundError if the caller may not see it
 */
function requireVisible<Value>(
  found: Value | null | Promise<Value | null>,
  noun: string,
): Value | Promise<Value> {
  if (found instanceof Promise) return found.then((value) => requireVisible(value, noun));
  if (found === null) throw new NotFoundError(`This ${noun} is not visible to you.`);
  return found;
}
