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
    ACTIVE: { value: 'active', description: 'May sign in.' },
    SUSPENDED: { value: 'suspended', description: 'May not; every session is refused.' },
  } as const,
});

export const User = builder.objectRef<UserRecord>('User').implement({
  description: 'A person. Exists once and may belong to many tenants.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ description: 'Opaque id.', resolve: ({ id }) => toGlobalId('User', id) }),
    email: t.exposeString('email', { description: 'Canonical e-mail address.' }),
    emailVerified: t.boolean({
      description: 'The address has been proven to be this person’s.',
      resolve: ({ emailVerifiedAt }) => emailVerifiedAt !== null,
    }),
    name: t.exposeString('name', { nullable: true, description: 'Name as shown to others.' }),
    avatarUrl: t.exposeString('avatarUrl', { nullable: true, description: 'Picture.' }),
    locale: t.exposeString('locale', { nullable: true, description: 'Language tag, BCP 47.' }),
    status: t.expose('status', { type: UserStatus, description: 'Whether the user may sign in.' }),
    metadata: t.field({
      type: 'JSON',
      description: 'The product’s own data about the person, readable by everybody who sees it.',
      resolve: ({ metadata }) => metadata,
    }),
    lastSignInAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the user last signed in; null for never.',
      resolve: ({ lastSignInAt }) => lastSignInAt,
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When the user signed up.',
      resolve: ({ createdAt }) => createdAt,
    }),
    viewerPermissions: t.stringList({
      description: 'What the caller may do with this user: read, update, suspend, erase.',
      resolve: ({ id }, _args, ctx) => service.listOwnPermissionsOn(ctx, id),
    }),
  }),
});

registerNode('User', (ctx, { id }) => service.findVisibleUser(ctx, id));

const UserConnection = createConnectionType('User', User);

const UserOrderField = builder.enumType('UserOrderField', {
  description: 'What users can be ordered by.',
  values: {
    CREATED_AT: { value: 'createdAt', description: 'The moment of signing up.' },
    EMAIL: { value: 'email', description: 'The e-mail address.' },
  } as const,
});

const UserOrder = builder.inputType('UserOrder', {
  description: 'The order of a list of users.',
  fields: (t) => ({
    field: t.field({ type: UserOrderField, required: true, description: 'By what.' }),
    direction: t.field({ type: OrderDirection, description: 'Ascending unless said otherwise.' }),
  }),
});

const UserWhere = builder.inputType('UserWhere', {
  description: 'What a list of users is narrowed by; all of it must hold.',
  fields: (t) => ({
    search: t.string({
      description:
        'Contained in e-mail or name, or like a part of them if none contains it; at least 3 characters, and 3 letters or digits in a row to find what is like it.',
    }),
    status: t.field({ type: UserStatus, description: 'Only users in this state.' }),
    metadata: t.field({ type: 'JSON', description: 'Only users whose metadata contains this.' }),
  }),
});

builder.queryFields((t) => ({
  user: t.field({
    type: User,
    nullable: true,
    description: 'A user by id or e-mail: oneself, or anybody for platform administrators.',
    args: {
      id: t.arg.id({ description: 'Either this' }),
      email: t.arg.string({ description: 'or this.' }),
    },
    resolve: (_root, args, ctx) => {
      const by = requireOneOf(args, ['id', 'email']);
      if (by.field === 'email') return service.findUser(ctx, { email: by.value });
      return service.findUser(ctx, { id: parseIdOrNil('User', by.value) });
    },
  }),
  users: t.field({
    type: UserConnection,
    description: 'Everybody, newest first. Platform administrators only.',
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
  description: 'Fields that are left out stay as they are; null empties them.',
  fields: (t) => ({
    name: t.string({ description: 'At most 100 characters.' }),
    avatarUrl: t.string({ description: 'An https address.' }),
    locale: t.string({ description: 'A language tag such as pt-BR.' }),
    metadata: t.field({ type: 'JSON', description: 'Replaces the metadata as a whole.' }),
  }),
});

const UpdateProfileSuccess = builder
  .objectRef<{ user: UserRecord }>('UpdateProfileSuccess')
  .implement({
    description: 'The profile was changed.',
    fields: (t) => ({
      user: t.expose('user', { type: User, description: 'The user as it is now.' }),
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
