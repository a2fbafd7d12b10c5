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
    key: t.exposeString('key', { description: 'Key for programs; unique in the tenant.' }),
    name: t.exposeString('name', { description: 'Display name.' }),
    description: t.exposeString('description', {
      nullable: true,
      description: 'Description of the role.',
    }),
    isBuiltIn: t.exposeBoolean('isBuiltIn', {
      description: 'True for roles that exist in every tenant and cannot be changed.',
    }),
    permissions: t.stringList({
      description: 'Keys of the permissions it grants; `Query.permissions` describes them.',
      resolve: ({ permissions }) => [...permissions],
    }),
    memberCount: t.int({
      description: 'Number of members with the role. Requires members:read.',
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
    description: 'Roles, built-in ones first. Requires roles:read.',
    resolve: async ({ id }, _args, ctx) => [...(await service.listRoles(ctx, id))],
  }),
);
