import { type PermissionInfo, permissionCatalogue } from '../../core/permissions.ts';
import type { Role as RoleRecord } from '../../core/records.ts';
import { builder } from '../../graphql/builder.ts';
import { toGlobalId } from '../../graphql/ids.ts';
import { Node, registerNode } from '../../graphql/node.ts';
import { Tenant } from '../tenants/schema.ts';
import * as service from './service.ts';

export const Role = builder.objectRef<RoleRecord>('Role').implement({
  description:
    'A named set of permissions of one tenant. Owner, admin, member and viewer are built in.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({
      description: 'Opaque id.',
      resolve: ({ id, tenantId }) => toGlobalId('Role', id, tenantId),
    }),
    key: t.exposeString('key', { description: 'Its name for programs; unique in the tenant.' }),
    name: t.exposeString('name', { description: 'Its name for people.' }),
    description: t.exposeString('description', { nullable: true, description: 'What it is for.' }),
    isBuiltIn: t.exposeBoolean('isBuiltIn', {
      description: 'Exists in every tenant, unchangeable.',
    }),
    permissions: t.stringList({
      description: 'What it allows; see `permissions` of Query for their meaning.',
      resolve: ({ permissions }) => [...permissions],
    }),
    memberCount: t.int({
      description: 'How many memberships have it. Needs members:read.',
      resolve: (role, _args, ctx) => service.countRoleMembers(ctx, role),
    }),
  }),
});

registerNode('Role', (ctx, { id, tenantId }) =>
  tenantId === null ? Promise.resolve(null) : service.findRole(ctx, tenantId, id),
);

builder.objectField(Tenant, 'roles', (t) =>
  t.field({
    type: [Role],
    description: 'Its roles, built-in ones first. Needs roles:read.',
    resolve: async ({ id }, _args, ctx) => [...(await service.listRoles(ctx, id))],
  }),
);

type PermissionEntry = PermissionInfo & { key: string };

const Permission = builder.objectRef<PermissionEntry>('Permission').implement({
  description: 'One thing that a role can allow.',
  fields: (t) => ({
    key: t.exposeString('key', { description: 'Its name for programs.' }),
    title: t.exposeString('title', { description: 'Its name for people.' }),
    description: t.exposeString('description', { description: 'What its holder can do.' }),
    isDangerous: t.exposeBoolean('isDangerous', {
      description: 'A mistake cannot be taken back, or it gives power to others.',
    }),
  }),
});

builder.queryField('permissions', (t) =>
  t.field({
    type: [Permission],
    description: 'The catalogue of all permissions.',
    resolve: () => Object.entries(permissionCatalogue).map(([key, info]) => ({ key, ...info })),
  }),
);
