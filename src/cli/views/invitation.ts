import type { Invitation } from '../../core/entities.ts';
import type { InvitationResult } from '../../domains/invitations/service/invite.ts';
import { toGlobalId } from '../../graphql/ids.ts';
import type { ListView } from '../list.ts';
import { formatTime } from '../table.ts';
import { toEnum } from './enum.ts';

/** Result for each address, with the fields of the API's InvitationResult. */
export const invitationList: ListView<InvitationResult> = {
  noun: 'invitations',
  toJson: ({ email, invitation, error }) => ({
    email,
    invitation: invitation && toInvitationJson(invitation),
    error: error && { code: error.code, message: error.message, path: error.path },
  }),
  columns: [
    { title: 'E-MAIL', toText: ({ email }) => email },
    { title: 'OUTCOME', toText: ({ error }) => error?.message ?? 'invited', isFlexible: true },
    { title: 'ROLES', toText: ({ invitation }) => listRoleKeys(invitation).join(' ') },
    { title: 'UNTIL', toText: ({ invitation }) => formatTime(invitation?.expiresAt ?? null) },
  ],
};

function toInvitationJson(invitation: Invitation): object {
  const { id, tenantId, email, roles, status, expiresAt } = invitation;
  return {
    id: toGlobalId('Invitation', id, tenantId),
    email,
    roles: roles.map(({ key, name }) => ({ key, name })),
    status: toEnum(status),
    expiresAt,
  };
}

function listRoleKeys(invitation: Invitation | null): string[] {
  return invitation?.roles.map(({ key }) => key) ?? [];
}
