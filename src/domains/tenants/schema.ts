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
  description: 'Status of a tenant.',
  values: {
    ACTIVE: { value: 'active', description: 'In normal use.' },
    SUSPENDED: { value: 'suspended', description: 'Suspended; all access is rejected.' },
    PENDING_DELETION: {
      value: 'pending_deletion',
      description: 'Closed; will be erased at `deletionAt`.',
    },
  } as const,
});

export const Tenant = builder.objectRef<TenantRecord>('Tenant').implement({
  description: 'An organisation that uses the product.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ description: 'Opaque id.', resolve: ({ id }) => toGlobalId('Tenant', id) }),
    slug: t.exposeString('slug', { description: 'Unique name for URLs.' }),
    name: t.exposeString('name', { description: 'Display name.' }),
    status: t.expose('status', { type: TenantStatus, description: 'Status of the tenant.' }),
    metadata: t.field({
      type: 'JSON',
      description: 'Custom data of your product about the tenant. Requires tenant:read.',
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
      description: 'When it will be erased; null unless deletion is pending.',
      resolve: ({ deletionAt }) => deletionAt,
    }),
    owners: t.field({
      type: [User],
      description: 'Active owners, longest-standing first. Requires tenant:read.',
      extensions: price({ items: 5 }),
      resolve: async ({ id }, _args, ctx) => {
        await service.authorizeReading(ctx, id);
        return [...(await ownersLoader(ctx).load(id))];
      },
    }),
    memberCount: t.int({
      description: 'Number of active members. Requires tenant:read.',
      resolve: async ({ id, memberCount }, _args, ctx) => {
        await service.authorizeReading(ctx, id);
        return memberCount;
      },
    }),
    viewerPermissions: t.stringList({
      description: 'Permissions of the caller in this tenant.',
      resolve: async ({ id }, _args, ctx) => [...(await service.listOwnPermissions(ctx, id))],
    }),
  }),
});

registerNode('Tenant', (ctx, { id }) => service.findTenant(ctx, { id }));

const TenantConnection = createConnectionType('Tenant', Tenant);

const TenantOrderField = builder.enumType('TenantOrderField', {
  description: 'Fields that tenants can be sorted by.',
  values: {
    CREATED_AT: { value: 'createdAt', description: 'When it was created.' },
    SLUG: { value: 'slug', description: 'The slug.' },
  } as const,
});

const TenantOrder = builder.inputType('TenantOrder', {
  description: 'Sort order for tenants.',
  fields: (t) => ({
    field: t.field({ type: TenantOrderField, required: true, description: 'Field to sort by.' }),
    direction: t.field({ type: OrderDirection, description: 'Direction; ascending by default.' }),
  }),
});

const TenantWhere = builder.inputType('TenantWhere', {
  description: 'Filters for tenants; all of them must match.',
  fields: (t) => ({
    search: t.string({
      description:
        'Text in the slug or name. If nothing contains it, similar ones are found. At least 3 characters; similarity needs 3 letters or digits in a row.',
    }),
    status: t.field({ type: TenantStatus, description: 'Only tenants in this state.' }),
    metadata: t.field({ type: 'JSON', description: 'Only tenants whose metadata contains this.' }),
  }),
});

builder.queryFields((t) => ({
  tenant: t.field({
    type: Tenant,
    nullable: true,
    description: 'A tenant the caller belongs to, by id or slug; null for any other.',
    args: {
      id: t.arg.id({ description: 'Id; give exactly one argument.' }),
      slug: t.arg.string({ description: 'Alternative to `id`.' }),
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
  description: 'A new tenant, owned by the caller.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Display name; at most 100 characters.' }),
    slug: t.string({
      description:
        'Slug of 3 to 50 characters from a-z, 0-9 and -. If omitted, derived from the name, with a suffix if taken.',
    }),
    metadata: t.field({ type: 'JSON', description: 'Metadata object of at most 16 KiB.' }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const CreateTenantSuccess = builder
  .objectRef<{ tenant: TenantRecord }>('CreateTenantSuccess')
  .implement({
    description: 'The tenant was created with its built-in roles, and the caller owns it.',
    fields: (t) => ({
      tenant: t.expose('tenant', { type: Tenant, description: 'The new tenant.' }),
    }),
  });

addMutation('createTenant', {
  description: 'Creates a tenant that the caller owns.',
  input: CreateTenantInput,
  result: createResultType('CreateTenant', CreateTenantSuccess),
  resolve: async (ctx, input) => ({ tenant: await service.createTenant(ctx, input) }),
});

const UpdateTenantInput = builder.inputType('UpdateTenantInput', {
  description: 'Omitted fields stay unchanged.',
  fields: (t) => ({
    tenantId: t.id({ required: true, description: 'Id of the tenant.' }),
    name: t.string({ description: 'Display name; at most 100 characters.' }),
    slug: t.string({ description: 'Slug of 3 to 50 characters from a-z, 0-9 and -.' }),
    metadata: t.field({ type: 'JSON', description: 'Replaces all of the metadata.' }),
    settings: t.field({
      type: 'JSON',
      description: 'Fields of TenantSettings to set; null restores the platform’s default.',
    }),
  }),
});

const UpdateTenantSuccess = builder
  .objectRef<{ tenant: TenantRecord }>('UpdateTenantSuccess')
  .implement({
    description: 'The tenant was changed.',
    fields: (t) => ({
      tenant: t.expose('tenant', { type: Tenant, description: 'The tenant after the change.' }),
    }),
  });

addMutation('updateTenant', {
  description: 'Changes the name, slug, metadata or settings of a tenant. Requires tenant:update.',
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
  fields: (t) => ({ tenantId: t.id({ required: true, description: 'Id of the tenant.' }) }),
});
