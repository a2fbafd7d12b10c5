import { builder } from '../../graphql/builder.ts';
import { requireIdOf } from '../../graphql/ids.ts';
import { addMutation, createResultType } from '../../graphql/mutation.ts';
import { UserIdInput } from '../users/schema/life-cycle.ts';
import type { PersonalDataDocument } from './rules.ts';
import { exportUserData } from './service.ts';

const ExportUserDataSuccess = builder
  .objectRef<{ data: PersonalDataDocument }>('ExportUserDataSuccess')
  .implement({
    description: 'What is kept about the person; that it was handed out stands in its trail.',
    fields: (t) => ({
      data: t.field({
        type: 'JSON',
        description:
          'Profile, memberships, sessions, API keys and trail, the newest 1,000 of each; no secrets.',
        resolve: ({ data }) => data,
      }),
    }),
  });

addMutation('exportUserData', {
  description:
    'Everything that is kept about a person, as one document. For itself or platform administrators.',
  input: UserIdInput,
  result: createResultType('ExportUserData', ExportUserDataSuccess),
  resolve: async (ctx, { userId, reason }) => ({
    data: await exportUserData(ctx, { userId: requireIdOf('User', userId, 'user').id, reason }),
  }),
});
