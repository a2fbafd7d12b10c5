import { builder } from '../../../graphql/builder.ts';
import { Viewer } from '../../sessions/schema/viewer.ts';
import { listInvitationsToMe } from '../service/read.ts';
import { Invitation } from './invitation.ts';

builder.objectField(Viewer, 'pendingInvitations', (t) =>
  t.field({
    type: [Invitation],
    description: 'Invitations to the caller’s verified e-mail address, newest first, 100 at most.',
    resolve: async (_viewer, _args, ctx) => [...(await listInvitationsToMe(ctx))],
  }),
);
