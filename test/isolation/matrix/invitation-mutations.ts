import { type AccessRule, inTenant } from './access-rules.ts';
import type { MutationTable } from './table.ts';

/** No caller is invited, so an existing invitation looks absent to all of them. */
const invited: AccessRule = {
  name: 'invited user',
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
      rule: inTenant('members:invite'),
      input: ({ Tenant }) => ({
        tenantId: Tenant,
        invitations: [{ email: 'newcomer@people.example', roleKeys: ['viewer'] }],
      }),
    },
  ],
  resendInvitation: [
    {
      name: '',
      rule: inTenant('members:invite'),
      isTenantOwned: true,
      input: ({ Invitation }) => ({ invitationId: Invitation }),
    },
  ],
  revokeInvitation: [
    {
      name: '',
      rule: inTenant('members:invite'),
      isTenantOwned: true,
      input: ({ Invitation }) => ({ invitationId: Invitation }),
    },
  ],
  acceptInvitation: [
    {
      name: 'by its token',
      rule: invited,
      input: ({ invitationToken }) => ({ token: invitationToken }),
    },
    {
      name: 'by its id',
      rule: invited,
      isTenantOwned: true,
      input: ({ Invitation }) => ({ invitationId: Invitation }),
    },
  ],
  declineInvitation: [
    {
      name: 'by its token',
      rule: invited,
      input: ({ invitationToken }) => ({ token: invitationToken }),
    },
    {
      name: 'by its id',
      rule: invited,
      isTenantOwned: true,
      input: ({ Invitation }) => ({ invitationId: Invitation }),
    },
  ],
};
