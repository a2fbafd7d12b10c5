import type { Tenant as TenantRecord } from '../../../core/entities.ts';
import { builder } from '../../../graphql/builder.ts';
import { requireIdOf } from '../../../graphql/ids.ts';
import { addMutation, createResultType } from '../../../graphql/mutation.ts';
import { Tenant, TenantIdInput } from '../schema.ts';
import * as service from '../service/life-cycle.ts';

/** Defines a success type with the tenant in its new state. */
function createSuccess(name: string, description: string) {
  return builder.objectRef<{ tenant: TenantRecord }>(name).implement({
    description,
    fields: (t) => ({
      tenant: t.expose('tenant', { type: Tenant, description: 'The tenant after the change.' }),
    }),
  });
}

const SuspendTenantSuccess = createSuccess('SuspendTenantSuccess', 'The tenant is suspended.');

addMutation('suspendTenant', {
  description:
    'Suspends a tenant: all access is rejected until it is resumed. Platform administrators only.',
  input: TenantIdInput,
  result: createResultType('SuspendTenant', SuspendTenantSuccess),
  resolve: async (ctx, { tenantId }) => ({
    tenant: await service.suspendTenant(ctx, requireIdOf('Tenant', tenantId, 'tenant').id),
  }),
});

const ResumeTenantSuccess = createSuccess('ResumeTenantSuccess', 'The tenant is in use again.');

addMutation('resumeTenant', {
  description: 'Ends the suspension of a tenant. Platform administrators only.',
  input: TenantIdInput,
  result: createResultType('ResumeTenant', ResumeTenantSuccess),
  resolve: async (ctx, { tenantId }) => ({
    tenant: await service.resumeTenant(ctx, requireIdOf('Tenant', tenantId, 'tenant').id),
  }),
});

const DeleteTenantInput = builder.inputType('DeleteTenantInput', {
  description: 'A tenant to delete.',
  fields: (t) => ({
    tenantId: t.id({ required: true, description: 'Id of the tenant.' }),
    confirmSlug: t.string({
      required: true,
      description: 'The slug of the tenant, as a confirmation.',
    }),
  }),
});

const DeleteTenantSuccess = createSuccess(
  'DeleteTenantSuccess',
  'The tenant is closed, and is erased at `deletionAt`.',
);

addMutation('deleteTenant', {
  description:
    'Closes a tenant immediately and erases it after a period in which it can be restored. Requires tenant:delete.',
  input: DeleteTenantInput,
  result: createResultType('DeleteTenant', DeleteTenantSuccess),
  resolve: async (ctx, { tenantId, confirmSlug }) => ({
    tenant: await service.deleteTenant(ctx, {
      tenantId: requireIdOf('Tenant', tenantId, 'tenant').id,
      confirmSlug,
    }),
  }),
});

const RestoreTenantSuccess = createSuccess(
  'RestoreTenantSuccess',
  'The deletion was cancelled; the tenant is as it was before.',
);

addMutation('restoreTenant', {
  description: 'Cancels a pending deletion. Requires tenant:delete.',
  input: TenantIdInput,
  result: createResultType('RestoreTenant', RestoreTenantSuccess),
  resolve: async (ctx, { tenantId }) => ({
    tenant: await service.restoreTenant(ctx, requireIdOf('Tenant', tenantId, 'tenant').id),
  }),
});
