import type { User as UserRecord } from '../../../core/entities.ts';
import { builder } from '../../../graphql/builder.ts';
import { requireIdOf, toGlobalId } from '../../../graphql/ids.ts';
import { addMutation, createResultType } from '../../../graphql/mutation.ts';
import { User } from '../schema.ts';
import { eraseUser } from '../service/erase.ts';
import { reinstateUser, suspendUser } from '../service/suspend.ts';

/** A user that something is done to or about. */
export const UserIdInput = builder.inputType('UserIdInput', {
  description: 'A user, and why.',
  fields: (t) => ({
    userId: t.id({ required: true, description: 'Which user.' }),
    reason: t.string({ description: 'For the audit trail; at most 500 characters.' }),
  }),
});

const SuspendUserSuccess = builder.objectRef<{ user: UserRecord }>('SuspendUserSuccess').implement({
  description: 'The sessions of the user have ended, and it cannot sign in.',
  fields: (t) => ({ user: t.expose('user', { type: User, description: 'As it is now.' }) }),
});

addMutation('suspendUser', {
  description: 'Ends the sessions of a user and lets it not sign in. Platform administrators only.',
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
    fields: (t) => ({ user: t.expose('user', { type: User, description: 'As it is now.' }) }),
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
  description: 'The person is gone; the trail keeps the id alone.',
  fields: (t) => ({
    erasedUserId: t.id({
      description: 'The id that is no more.',
      resolve: ({ userId }) => toGlobalId('User', userId),
    }),
  }),
});

addMutation('eraseUser', {
  description:
    'Erases a person for good. By itself or platform administrators, not while last owner anywhere.',
  input: UserIdInput,
  result: createResultType('EraseUser', EraseUserSuccess),
  resolve: async (ctx, input) => {
    const { id: userId } = requireIdOf('User', input.userId, 'user');
    await eraseUser(ctx, { userId, reason: input.reason });
    return { userId };
  },
});
