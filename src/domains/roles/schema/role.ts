import type { Role as RoleRecord } from '../../../core/entities.ts';
import { builder } from '../../../graphql/builder.ts';
import { toGlobalId } from '../../../graphql/ids.ts';
import { Node, registerNode } from '../../../graphql/node.ts';
import { Tenant } from '../../tenants/schema.ts';
import * as service from '../service/read.ts';

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
