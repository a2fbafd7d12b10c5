import { builder } from '../../graphql/builder.ts';
import { addPlainMutation, createResultType } from '../../graphql/mutation.ts';
import { type Cleanup, cleanupExpiredData } from './service.ts';

const CleanupExpiredDataSuccess = builder
  .objectRef<Cleanup>('CleanupExpiredDataSuccess')
  .implement({
    description: 'What has had its time is gone.',
    fields: (t) => ({
      sessions: t.exposeInt('sessions', { description: 'Expired sessions that were deleted.' }),
      signInBudgets: t.exposeInt('signInBudgets', {
        description: 'Counters of failed sign-ins that limit nobody any more.',
      }),
      oneTimeTokens: t.exposeInt('oneTimeTokens', {
        description: 'Links of mails that are good no more.',
      }),
      idempotencyKeys: t.exposeInt('idempotencyKeys', {
        description: 'Answers whose time to be given again is over.',
      }),
      invitations: t.exposeInt('invitations', {
        description: 'Invitations whose time was over 90 days ago.',
      }),
      tenants: t.exposeInt('tenants', {
        description: 'Tenants erased, whose time to be restored is over.',
      }),
      isComplete: t.exposeBoolean('isComplete', {
        description: 'False where more is left than one request may do; then do it again.',
      }),
    }),
  });

addPlainMutation('cleanupExpiredData', {
  description: 'Deletes what has expired and erases what is due. Platform administrators only.',
  result: createResultType('Cleanup', CleanupExpiredDataSuccess),
  resolve: cleanupExpiredData,
});
