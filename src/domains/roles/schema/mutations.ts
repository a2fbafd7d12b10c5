import { LimitReachedError } from '../../../core/app-error.ts';
import type { Role as RoleRecord } from '../../../core/entities.ts';
import { builder } from '../../../graphql/builder.ts';
import { idempotencyKeyField } from '../../../graphql/idempotency.ts';
import { requireIdOf, requireTenantOwnedId, toGlobalId } from '../../../graphql/ids.ts';
import { addMutation, createResultType } from '../../../graphql/mutation.ts';
import { createRole, deleteRole, type RoleRef, updateRole } from '../service/change.ts';
import { Role } from './role.ts';

const CreateRoleInput = builder.inputType('CreateRoleInput', {
  description: 'A new role of the tenant’s own.',
  fields: (t) => ({
    tenantId: t.id({ required: true, description: 'In which tenant.' }),
    key: t.string({ required: true, description: 'Its name for programs, such as "billing".' }),
    name: t.string({ required: true, description: 'Its name for people; at most 100 characters.' }),
    description: t.string({ description: 'What it is for; at most 500 characters.' }),
    permissions: t.stringList({ required: true, description: 'What it allows.' }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const CreateRoleSuccess = builder.objectRef<{ role: RoleRecord }>('CreateRoleSuccess').implement({
  description: 'The role exists.',
  fields: (t) => ({ role: t.expose('role', { type: Role, description: 'It.' }) }),
});

addMutation('createRole', {
  description: 'Creates a role. Needs roles:manage and every permission that it gives.',
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
  description: 'Fields that are left out stay as they are.',
  fields: (t) => ({
    roleId: t.id({ required: true, description: 'Which role.' }),
    name: t.string({ description: 'At most 100 characters.' }),
    description: t.string({ description: 'At most 500 characters; null empties it.' }),
    permissions: t.stringList({ description: 'Exactly these from now on.' }),
  }),
});

const UpdateRoleSuccess = builder.objectRef<{ role: RoleRecord }>('UpdateRoleSuccess').implement({
  description: 'The role was changed; who has it has the new rights at once.',
  fields: (t) => ({ role: t.expose('role', { type: Role, description: 'As it is now.' }) }),
});

addMutation('updateRole', {
  description: 'Changes a role that is not built in. Needs roles:manage.',
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
  fields: (t) => ({ roleId: t.id({ required: true, description: 'Which role.' }) }),
});

const DeleteRoleSuccess = builder.objectRef<RoleRef>('DeleteRoleSuccess').implement({
  description: 'The role is no more.',
  fields: (t) => ({
    deletedRoleId: t.id({
      description: 'The id that is no more.',
      resolve: ({ id, tenantId }) => toGlobalId('Role', id, tenantId),
    }),
  }),
});

addMutation('deleteRole', {
  description: 'Deletes a role that nobody has and that is not built in. Needs roles:manage.',
  input: RoleIdInput,
  callers: 'credentials',
  result: createResultType('DeleteRole', DeleteRoleSuccess),
  resolve: async (ctx, { roleId }) => {
    const ref = requireTenantOwnedId('Role', roleId, 'role');
    await deleteRole(ctx, ref);
    return ref;
  },
});
