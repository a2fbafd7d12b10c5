import type { User as UserRecord } from '../../../core/entities.ts';
import { builder } from '../../../graphql/builder.ts';
import { requireIdOf, toGlobalId } from '../../../graphql/ids.ts';
import { addMutation, createResultType } from '../../../graphql/mutation.ts';
import { User } from '../schema.ts';
import { eraseUser } from '../service/erase.ts';
import { reinstateUser, suspendUser } from '../service/suspend.ts';

export const UserIdInput = builder.inputType('UserIdInput', {
  description: 'A user, with a reason.',
  fields: (t) => ({
    userId: t.id({ required: true, description: 'Id of the user.' }),
    reason: t.string({ description: 'Reason for the audit log; at most 500 characters.' }),
  }),
});

const SuspendUserSuccess = builder.objectRef<{ user: UserRecord }>('SuspendUserSuccess').implement({
  description: 'The user’s sessions have ended, and they cannot sign in.',
  fields: (t) => ({
    user: t.expose('user', { type: User, description: 'The user after the change.' }),
  }),
});

addMutation('suspendUser', {
  description:
    'Ends the user’s sessions and prevents further sign-ins. Platform administrators only.',
  input: UserIdInput,
  result: createResultType('SuspendUser', SuspendUserSuccess),
  resolve: async (ctx, { userId, reason }) => ({
    user: await suspendUser(ctx, { userId: requireIdOf('User', userId, 'user').id, reason }),
  }),
});

const ReinstateUserSuccess = builder
  .objectRef<{ user: UserRecord }>('ReinstateUserSuccess')
  .implement({
    description: 'The user can sign in again.',
    fields: (t) => ({
      user: t.expose('user', { type: User, description: 'The user after the change.' }),
    }),
  });

addMutation('reinstateUser', {
  description: 'Lets a suspended user sign in again. Platform administrators only.',
  input: UserIdInput,
  result: createResultType('ReinstateUser', ReinstateUserSuccess),
  resolve: async (ctx, { userId, reason }) => ({
    user: await reinstateUser(ctx, { userId: requireIdOf('User', userId, 'user').id, reason }),
  }),
});

const EraseUserSuccess = builder.objectRef<{ userId: string }>('EraseUserSuccess').implement({
  description: 'The user was erased; the audit log keeps only the id.',
  fields: (t) => ({
    erasedUserId: t.id({
      description: 'Id of the erased user.',
      resolve: ({ userId }) => toGlobalId('User', userId),
    }),
  }),
});

addMutation('eraseUser', {
  description:
    'Erases a user permanently. For the user or a platform administrator; rejected while they are any tenant’s last owner.',
  input: UserIdInput,
  result: createResultType('EraseUser', EraseUserSuccess),
  resolve: async (ctx, input) => {
    const { id: userId } = requireIdOf('User', input.userId, 'user');
    await eraseUser(ctx, { userId, reason: input.reason });
    return { userId };
  },
});
