import type { Membership as MembershipRecord } from '../../../core/entities.ts';
import { builder } from '../../../graphql/builder.ts';
import { requireIdOf } from '../../../graphql/ids.ts';
import { addMutation, createResultType } from '../../../graphql/mutation.ts';
import { Membership } from '../schema.ts';
import { transferOwnership } from '../service/transfer.ts';

const TransferOwnershipInput = builder.inputType('TransferOwnershipInput', {
  description: 'New owner of a tenant.',
  fields: (t) => ({
    tenantId: t.id({ required: true, description: 'Id of the tenant.' }),
    toUserId: t.id({ required: true, description: 'Id of the membership of an active member.' }),
  }),
});

const TransferOwnershipSuccess = builder
  .objectRef<{ membership: MembershipRecord }>('TransferOwnershipSuccess')
  .implement({
    description: 'The tenant has a new owner; the caller is now an admin.',
    fields: (t) => ({
      membership: t.expose('membership', {
        type: Membership,
        description: 'Membership of the new owner.',
      }),
    }),
  });

addMutation('transferOwnership', {
  description:
    'Transfers the caller’s ownership of a tenant to another active member. Owners only.',
  input: TransferOwnershipInput,
  result: createResultType('TransferOwnership', TransferOwnershipSuccess),
  resolve: async (ctx, { tenantId, toUserId }) => ({
    membership: await transferOwnership(ctx, {
      tenantId: requireIdOf('Tenant', tenantId, 'tenant').id,
      toUserId: requireIdOf('User', toUserId, 'member').id,
    }),
  }),
});
