import type { User as UserRecord } from '../../core/entities.ts';
import { builder } from '../../graphql/builder.ts';
import { createConnectionType, pageArgs } from '../../graphql/connection.ts';
import { parseIdOrNil, toGlobalId } from '../../graphql/ids.ts';
import { addMutation, createResultType } from '../../graphql/mutation.ts';
import { Node, registerNode } from '../../graphql/node.ts';
import { requireOneOf } from '../../graphql/one-of.ts';
import { isDescending, OrderDirection } from '../../graphql/order.ts';
import * as service from './service.ts';

const UserStatus = builder.enumType('UserStatus', {
  description: 'Whether a user may sign in.',
  values: {
    ACTIVE: { value: 'active', description: 'The user can sign in.' },
    SUSPENDED: {
      value: 'suspended',
      description: 'The user cannot sign in; every session is rejected.',
    },
  } as const,
});

export const User = builder.objectRef<UserRecord>('User').implement({
  description: 'A person. Has one account and may belong to many tenants.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ description: 'Opaque id.', resolve: ({ id }) => toGlobalId('User', id) }),
    email: t.exposeString('email', { description: 'Canonical e-mail address.' }),
    emailVerified: t.boolean({
      description: 'Whether the address is verified.',
      resolve: ({ emailVerifiedAt }) => emailVerifiedAt !== null,
    }),
    name: t.exposeString('name', { nullable: true, description: 'Name as shown to others.' }),
    avatarUrl: t.exposeString('avatarUrl', { nullable: true, description: 'URL of the avatar.' }),
    locale: t.exposeString('locale', { nullable: true, description: 'Language tag, BCP 47.' }),
    status: t.expose('status', { type: UserStatus, description: 'Whether the user may sign in.' }),
    metadata: t.field({
      type: 'JSON',
      description:
        'Custom data of your product about the user, readable by everyone who can see the user.',
      resolve: ({ metadata }) => metadata,
    }),
    lastSignInAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the user last signed in; null if never.',
      resolve: ({ lastSignInAt }) => lastSignInAt,
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When the user signed up.',
      resolve: ({ createdAt }) => createdAt,
    }),
    viewerPermissions: t.stringList({
      description: 'Actions the caller may take on this user: read, update, suspend, erase.',
      resolve: ({ id }, _args, ctx) => service.listOwnPermissionsOn(ctx, id),
    }),
  }),
});

registerNode('User', (ctx, { id }) => service.findVisibleUser(ctx, id));

const UserConnection = createConnectionType('User', User);

const UserOrderField = builder.enumType('UserOrderField', {
  description: 'Fields that users can be sorted by.',
  values: {
    CREATED_AT: { value: 'createdAt', description: 'When the user signed up.' },
    EMAIL: { value: 'email', description: 'The e-mail address.' },
  } as const,
});

const UserOrder = builder.inputType('UserOrder', {
  description: 'Sort order for users.',
  fields: (t) => ({
    field: t.field({ type: UserOrderField, required: true, description: 'Field to sort by.' }),
    direction: t.field({ type: OrderDirection, description: 'Direction; ascending by default.' }),
  }),
});

const UserWhere = builder.inputType('UserWhere', {
  description: 'Filters for users; all of them must match.',
  fields: (t) => ({
    search: t.string({
      description:
        'Text in the address or name. If nothing contains it, similar ones are found. At least 3 characters; similarity needs 3 letters or digits in a row.',
    }),
    status: t.field({ type: UserStatus, description: 'Only users in this state.' }),
    metadata: t.field({ type: 'JSON', description: 'Only users whose metadata contains this.' }),
  }),
});

builder.queryFields((t) => ({
  user: t.field({
    type: User,
    nullable: true,
    description:
      'A user by id or e-mail address: the caller, or any user for platform administrators.',
    args: {
      id: t.arg.id({ description: 'Id; give exactly one argument.' }),
      email: t.arg.string({ description: 'Alternative to `id`.' }),
    },
    resolve: (_root, args, ctx) => {
      const by = requireOneOf(args, ['id', 'email']);
      if (by.field === 'email') return service.findUser(ctx, { email: by.value });
      return service.findUser(ctx, { id: parseIdOrNil('User', by.value) });
    },
  }),
  users: t.field({
    type: UserConnection,
    description: 'All users, newest first. Platform administrators only.',
    args: {
      ...pageArgs(t),
      where: t.arg({ type: UserWhere }),
      orderBy: t.arg({ type: UserOrder }),
    },
    resolve: (_root, { where, orderBy, ...page }, ctx) =>
      service.listUsers(ctx, {
        page,
        filter: where ?? {},
        order: orderBy ? { field: orderBy.field, isDescending: isDescending(orderBy) } : null,
      }),
  }),
}));

const UpdateProfileInput = builder.inputType('UpdateProfileInput', {
  description: 'Omitted fields stay unchanged; null clears a field.',
  fields: (t) => ({
    name: t.string({ description: 'Display name; at most 100 characters.' }),
    avatarUrl: t.string({ description: 'An https address.' }),
    locale: t.string({ description: 'A language tag such as pt-BR.' }),
    metadata: t.field({ type: 'JSON', description: 'Replaces all of the metadata.' }),
  }),
});

const UpdateProfileSuccess = builder
  .objectRef<{ user: UserRecord }>('UpdateProfileSuccess')
  .implement({
    description: 'The profile was changed.',
    fields: (t) => ({
      user: t.expose('user', { type: User, description: 'The user after the change.' }),
    }),
  });

addMutation('updateProfile', {
  description: 'Changes the caller’s own profile.',
  input: UpdateProfileInput,
  result: createResultType('UpdateProfile', UpdateProfileSuccess),
  resolve: async (ctx, input) => ({
    user: await service.updateProfile(ctx, input),
  }),
});
