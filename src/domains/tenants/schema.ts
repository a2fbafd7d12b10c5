import type { Tenant as TenantRecord } from '../../core/entities.ts';
import { builder } from '../../graphql/builder.ts';
import { createConnectionType, pageArgs } from '../../graphql/connection.ts';
import { idempotencyKeyField } from '../../graphql/idempotency.ts';
import { parseIdOf, requireIdOf, toGlobalId } from '../../graphql/ids.ts';
import { addMutation, createResultType } from '../../graphql/mutation.ts';
import { Node, registerNode } from '../../graphql/node.ts';
import { requireOneOf } from '../../graphql/one-of.ts';
import { isDescending, OrderDirection } from '../../graphql/order.ts';
import { price } from '../../graphql/price.ts';
import { User } from '../users/schema.ts';
import { ownersLoader } from './loaders.ts';
import * as service from './service.ts';

const TenantStatus = builder.enumType('TenantStatus', {
  description: 'Where a tenant stands in its life.',
  values: {
    ACTIVE: { value: 'active', description: 'In use.' },
    SUSPENDED: { value: 'suspended', description: 'Everything in it is refused.' },
    PENDING_DELETION: { value: 'pending_deletion', description: 'Will be erased at `deletionAt`.' },
  } as const,
});

export const Tenant = builder.objectRef<TenantRecord>('Tenant').implement({
  description: 'An organisation that uses the product.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ description: 'Opaque id.', resolve: ({ id }) => toGlobalId('Tenant', id) }),
    slug: t.exposeString('slug', { description: 'Its name in addresses; unique.' }),
    name: t.exposeString('name', { description: 'Its name for people.' }),
    status: t.expose('status', { type: TenantStatus, description: 'Where it stands in its life.' }),
    metadata: t.field({
      type: 'JSON',
      description: 'The product’s own data about the tenant. Needs tenant:read.',
      resolve: async ({ id, metadata }, _args, ctx) => {
        await service.authorizeReading(ctx, id);
        return metadata;
      },
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was created.',
      resolve: ({ createdAt }) => createdAt,
    }),
    deletionAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it will be erased, if that is scheduled.',
      resolve: ({ deletionAt }) => deletionAt,
    }),
    owners: t.field({
      type: [User],
      description: 'Its active owners, longest-standing first. Needs tenant:read.',
      extensions: price({ items: 5 }),
      resolve: async ({ id }, _args, ctx) => {
        await service.authorizeReading(ctx, id);
        return [...(await ownersLoader(ctx).load(id))];
      },
    }),
    memberCount: t.int({
      description: 'How many active members it has. Needs tenant:read.',
      resolve: async ({ id, memberCount }, _args, ctx) => {
        await service.authorizeReading(ctx, id);
        return memberCount;
      },
    }),
    viewerPermissions: t.stringList({
      description: 'What the caller may do in this tenant.',
      resolve: async ({ id }, _args, ctx) => [...(await service.listOwnPermissions(ctx, id))],
    }),
  }),
});

registerNode('Tenant', (ctx, { id }) => service.findTenant(ctx, { id }));

const TenantConnection = createConnectionType('Tenant', Tenant);

const TenantOrderField = builder.enumType('TenantOrderField', {
  description: 'What tenants can be ordered by.',
  values: {
    CREATED_AT: { value: 'createdAt', description: 'The moment of creation.' },
    SLUG: { value: 'slug', description: 'The slug.' },
  } as const,
});

const TenantOrder = builder.inputType('TenantOrder', {
  description: 'The order of a list of tenants.',
  fields: (t) => ({
    field: t.field({ type: TenantOrderField, required: true, description: 'By what.' }),
    direction: t.field({ type: OrderDirection, description: 'Ascending unless said otherwise.' }),
  }),
});

const TenantWhere = builder.inputType('TenantWhere', {
  description: 'What a list of tenants is narrowed by; all of it must hold.',
  fields: (t) => ({
    search: t.string({
      description:
        'Contained in slug or name, or like a part of them if none contains it; at least 3 characters, and 3 letters or digits in a row to find what is like it.',
    }),
    status: t.field({ type: TenantStatus, description: 'Only tenants in this state.' }),
    metadata: t.field({ type: 'JSON', description: 'Only tenants whose metadata contains this.' }),
  }),
});

builder.queryFields((t) => ({
  tenant: t.field({
    type: Tenant,
    nullable: true,
    description: 'A tenant of the caller, by id or slug; null for any other.',
    args: {
      id: t.arg.id({ description: 'Either this' }),
      slug: t.arg.string({ description: 'or this.' }),
    },
    resolve: (_root, args, ctx) => {
      const by = requireOneOf(args, ['id', 'slug']);
      if (by.field === 'slug') return service.findTenant(ctx, { slug: by.value });
      const key = parseIdOf('Tenant', by.value);
      return key && service.findTenant(ctx, { id: key.id });
    },
  }),
  tenants: t.field({
    type: TenantConnection,
    description: 'All tenants, newest first. Platform administrators only.',
    args: {
      ...pageArgs(t),
      where: t.arg({ type: TenantWhere }),
      orderBy: t.arg({ type: TenantOrder }),
    },
    resolve: (_root, { where, orderBy, ...page }, ctx) =>
      service.listTenants(ctx, {
        page,
        filter: where ?? {},
        order: orderBy ? { field: orderBy.field, isDescending: isDescending(orderBy) } : null,
      }),
  }),
}));

const CreateTenantInput = builder.inputType('CreateTenantInput', {
  description: 'A new tenant, which the caller will own.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'At most 100 characters.' }),
    slug: t.string({
      description:
        '3 to 50 of a-z, 0-9 and -; if left out, made from the name, with a suffix where taken.',
    }),
    metadata: t.field({ type: 'JSON', description: 'An object of at most 16 KiB.' }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const CreateTenantSuccess = builder
  .objectRef<{ tenant: TenantRecord }>('CreateTenantSuccess')
  .implement({
    description: 'The tenant exists, with its built-in roles, and the caller owns it.',
    fields: (t) => ({ tenant: t.expose('tenant', { type: Tenant, description: 'It.' }) }),
  });

addMutation('createTenant', {
  description: 'Creates a tenant that the caller owns.',
  input: CreateTenantInput,
  result: createResultType('CreateTenant', CreateTenantSuccess),
  resolve: async (ctx, input) => ({ tenant: await service.createTenant(ctx, input) }),
});

const UpdateTenantInput = builder.inputType('UpdateTenantInput', {
  description: 'Fields that are left out stay as they are.',
  fields: (t) => ({
    tenantId: t.id({ required: true, description: 'Which tenant.' }),
    name: t.string({ description: 'At most 100 characters.' }),
    slug: t.string({ description: '3 to 50 of a-z, 0-9 and -.' }),
    metadata: t.field({ type: 'JSON', description: 'Replaces the metadata as a whole.' }),
    settings: t.field({
      type: 'JSON',
      description: 'Fields of TenantSettings to set; null takes one back to the platform’s.',
    }),
  }),
});

const UpdateTenantSuccess = builder
  .objectRef<{ tenant: TenantRecord }>('UpdateTenantSuccess')
  .implement({
    description: 'The tenant was changed.',
    fields: (t) => ({ tenant: t.expose('tenant', { type: Tenant, description: 'As it is now.' }) }),
  });

addMutation('updateTenant', {
  description: 'Changes name, slug, metadata or settings of a tenant. Needs tenant:update.',
  input: UpdateTenantInput,
  callers: 'credentials',
  result: createResultType('UpdateTenant', UpdateTenantSuccess),
  resolve: async (ctx, { tenantId, ...changes }) => ({
    tenant: await service.updateTenant(ctx, {
      tenantId: requireIdOf('Tenant', tenantId, 'tenant').id,
      ...changes,
    }),
  }),
});

export const TenantIdInput = builder.inputType('TenantIdInput', {
  description: 'A tenant.',
  fields: (t) => ({ tenantId: t.id({ required: true, description: 'Which tenant.' }) }),
});
