import { builder } from '../../graphql/builder.ts';
import { requireIdOf } from '../../graphql/ids.ts';
import { addMutation, createResultType } from '../../graphql/mutation.ts';
import { UserIdInput } from '../users/schema/life-cycle.ts';
import type { PersonalDataDocument } from './rules.ts';
import { exportUserData } from './service.ts';

const ExportUserDataSuccess = builder
  .objectRef<{ data: PersonalDataDocument }>('ExportUserDataSuccess')
  .implement({
    description: 'The stored data about the user; the export is recorded in the user’s audit log.',
    fields: (t) => ({
      data: t.field({
        type: 'JSON',
        description:
          'Profile, memberships, sessions, API keys and audit log entries, the newest 1,000 of each; no secrets.',
        resolve: ({ data }) => data,
      }),
    }),
  });

addMutation('exportUserData', {
  description:
    'All stored data about a user, as one document. For the user or a platform administrator.',
  input: UserIdInput,
  result: createResultType('ExportUserData', ExportUserDataSuccess),
  resolve: async (ctx, { userId, reason }) => ({
    data: await exportUserData(ctx, { userId: requireIdOf('User', userId, 'user').id, reason }),
  }),
});
