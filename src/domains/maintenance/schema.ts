import { builder } from '../../graphql/builder.ts';
import { addPlainMutation, createResultType } from '../../graphql/mutation.ts';
import { type Cleanup, cleanupExpiredData } from './service.ts';

const CleanupExpiredDataSuccess = builder
  .objectRef<Cleanup>('CleanupExpiredDataSuccess')
  .implement({
    description: 'Expired data was deleted.',
    fields: (t) => ({
      sessions: t.exposeInt('sessions', { description: 'Expired sessions that were deleted.' }),
      signInBudgets: t.exposeInt('signInBudgets', {
        description: 'Rate limit counters that no longer limit anyone.',
      }),
      oneTimeTokens: t.exposeInt('oneTimeTokens', {
        description: 'Mailed links that expired.',
      }),
      idempotencyKeys: t.exposeInt('idempotencyKeys', {
        description: 'Stored responses of idempotency keys that expired.',
      }),
      invitations: t.exposeInt('invitations', {
        description: 'Invitations that expired or were settled more than 90 days ago.',
      }),
      tenants: t.exposeInt('tenants', {
        description: 'Tenants whose time for a restore is over.',
      }),
      isComplete: t.exposeBoolean('isComplete', {
        description: 'False if more is left than one request may delete; run it again.',
      }),
    }),
  });

addPlainMutation('cleanupExpiredData', {
  description:
    'Deletes expired data and erases tenants that are due. Platform administrators only.',
  result: createResultType('Cleanup', CleanupExpiredDataSuccess),
  resolve: cleanupExpiredData,
});
