import type { Membership as MembershipRecord } from '../../../core/entities.ts';
import { builder } from '../../../graphql/builder.ts';
import { requireIdOf } from '../../../graphql/ids.ts';
import { addMutation, createResultType } from '../../../graphql/mutation.ts';
import { Membership } from '../schema.ts';
import { transferOwnership } from '../service/transfer.ts';

const TransferOwnershipInput = builder.inputType('TransferOwnershipInput', {
  description: 'Who is to own a tenant in the caller’s place.',
  fields: (t) => ({
    tenantId: t.id({ required: true, description: 'Which tenant.' }),
    toUserId: t.id({ required: true, description: 'An active member of it.' }),
  }),
});

const TransferOwnershipSuccess = builder
  .objectRef<{ membership: MembershipRecord }>('TransferOwnershipSuccess')
  .implement({
    description: 'The tenant has its new owner, and the caller is an admin of it.',
    fields: (t) => ({
      membership: t.expose('membership', { type: Membership, description: 'The new owner’s.' }),
    }),
  });

addMutation('transferOwnership', {
  description: 'Gives the caller’s ownership of a tenant to another active member. Owners only.',
  input: TransferOwnershipInput,
  result: createResultType('TransferOwnership', TransferOwnershipSuccess),
  resolve: async (ctx, { tenantId, toUserId }) => ({
    membership: await transferOwnership(ctx, {
      tenantId: requireIdOf('Tenant', tenantId, 'tenant').id,
      toUserId: requireIdOf('User', toUserId, 'member').id,
    }),
  }),
});
