import { inTenant, type Room } from './rooms.ts';
import type { MutationTable } from './table.ts';

/** Anyone who is invited, which no caller is: to them an invitation is as absent as one that never was. */
const invited: Room = {
  name: 'who is invited',
  judge: ({ caller }) => {
    if (caller === 'anonymous') return 'UNAUTHENTICATED';
    return caller === 'bound' ? 'FORBIDDEN' : 'NOT_FOUND';
  },
};

/** The mutations about invitations. */
export const invitationMutations: MutationTable = {
  inviteMembers: [
    {
      name: '',
      room: inTenant('members:invite'),
      input: ({ Tenant }) => ({
        tenantId: Tenant,
        invitations: [{ email: 'newcomer@people.example', roleKeys: ['viewer'] }],
      }),
    },
  ],
  resendInvitation: [
    {
      name: '',
      room: inTenant('members:invite'),
      isTenantOwned: true,
      input: ({ Invitation }) => ({ invitationId: Invitation }),
    },
  ],
  revokeInvitation: [
    {
      name: '',
      room: inTenant('members:invite'),
      isTenantOwned: true,
      input: ({ Invitation }) => ({ invitationId: Invitation }),
    },
  ],
  acceptInvitation: [
    {
      name: 'by its token',
      room: invited,
      input: ({ invitationToken }) => ({ token: invitationToken }),
    },
    {
      name: 'by its id',
      room: invited,
      isTenantOwned: true,
      input: ({ Invitation }) => ({ invitationId: Invitation }),
    },
  ],
  declineInvitation: [
    {
      name: 'by its token',
      room: invited,
      input: ({ invitationToken }) => ({ token: invitationToken }),
    },
    {
      name: 'by its id',
      room: invited,
      isTenantOwned: true,
      input: ({ Invitation }) => ({ invitationId: Invitation }),
    },
  ],
};
