import { LimitReachedError } from '../../../core/app-error.ts';
import type { Role as RoleRecord } from '../../../core/entities.ts';
import { builder } from '../../../graphql/builder.ts';
import { idempotencyKeyField } from '../../../graphql/idempotency.ts';
import { requireIdOf, requireTenantOwnedId, toGlobalId } from '../../../graphql/ids.ts';
import { addMutation, createResultType } from '../../../graphql/mutation.ts';
import { createRole, deleteRole, type RoleRef, updateRole } from '../service/change.ts';
import { Role } from './role.ts';

const CreateRoleInput = builder.inputType('CreateRoleInput', {
  description: 'A custom role of the tenant.',
  fields: (t) => ({
    tenantId: t.id({ required: true, description: 'Tenant to create it in.' }),
    key: t.string({
      required: true,
      description: 'Key for programs, such as "billing"; unique in the tenant.',
    }),
    name: t.string({ required: true, description: 'Display name; at most 100 characters.' }),
    description: t.string({ description: 'Description of the role; at most 500 characters.' }),
    permissions: t.stringList({ required: true, description: 'Permissions the role grants.' }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const CreateRoleSuccess = builder.objectRef<{ role: RoleRecord }>('CreateRoleSuccess').implement({
  description: 'The role was created.',
  fields: (t) => ({ role: t.expose('role', { type: Role, description: 'The new role.' }) }),
});

addMutation('createRole', {
  description: 'Creates a role. Requires roles:manage and every permission the role grants.',
  input: CreateRoleInput,
  callers: 'credentials',
  result: createResultType('CreateRole', CreateRoleSuccess, [LimitReachedError]),
  resolve: async (ctx, { tenantId, ...role }) => ({
    role: await createRole(ctx, {
      tenantId: requireIdOf('Tenant', tenantId, 'tenant').id,
      ...role,
    }),
  }),
});

const UpdateRoleInput = builder.inputType('UpdateRoleInput', {
  description: 'Omitted fields stay unchanged.',
  fields: (t) => ({
    roleId: t.id({ required: true, description: 'Id of the role.' }),
    name: t.string({ description: 'Display name; at most 100 characters.' }),
    description: t.string({ description: 'At most 500 characters; null clears it.' }),
    permissions: t.stringList({ description: 'Replaces all permissions.' }),
  }),
});

const UpdateRoleSuccess = builder.objectRef<{ role: RoleRecord }>('UpdateRoleSuccess').implement({
  description: 'The role was updated; it takes effect immediately for everyone who has it.',
  fields: (t) => ({
    role: t.expose('role', { type: Role, description: 'The role after the change.' }),
  }),
});

addMutation('updateRole', {
  description: 'Changes a custom role. Requires roles:manage.',
  input: UpdateRoleInput,
  callers: 'credentials',
  result: createResultType('UpdateRole', UpdateRoleSuccess),
  resolve: async (ctx, { roleId, ...changes }) => ({
    role: await updateRole(ctx, {
      role: requireTenantOwnedId('Role', roleId, 'role'),
      ...changes,
    }),
  }),
});

const RoleIdInput = builder.inputType('RoleIdInput', {
  description: 'A role.',
  fields: (t) => ({ roleId: t.id({ required: true, description: 'Id of the role.' }) }),
});

const DeleteRoleSuccess = builder.objectRef<RoleRef>('DeleteRoleSuccess').implement({
  description: 'The role was deleted.',
  fields: (t) => ({
    deletedRoleId: t.id({
      description: 'Id of the deleted role.',
      resolve: ({ id, tenantId }) => toGlobalId('Role', id, tenantId),
    }),
  }),
});

addMutation('deleteRole', {
  description: 'Deletes a custom role that no member has. Requires roles:manage.',
  input: RoleIdInput,
  callers: 'credentials',
  result: createResultType('DeleteRole', DeleteRoleSuccess),
  resolve: async (ctx, { roleId }) => {
    const ref = requireTenantOwnedId('Role', roleId, 'role');
    await deleteRole(ctx, ref);
    return ref;
  },
});
