import { LimitReachedError, RateLimitedError } from '../../../core/app-error.ts';
import type {
  Invitation as InvitationRecord,
  Membership as MembershipRecord,
} from '../../../core/entities.ts';
import { builder } from '../../../graphql/builder.ts';
import { ErrorInterface, toRejection } from '../../../graphql/errors.ts';
import { idempotencyKeyField } from '../../../graphql/idempotency.ts';
import { parseIdOf, requireIdOf, requireTenantOwnedId, toGlobalId } from '../../../graphql/ids.ts';
import { addMutation, createResultType } from '../../../graphql/mutation.ts';
import { requireOneOf } from '../../../graphql/one-of.ts';
import { price } from '../../../graphql/price.ts';
import { nilUuid } from '../../../lib/uuid.ts';
import { Membership } from '../../memberships/schema.ts';
import { invitationsPerCallMax } from '../rules.ts';
import { type InvitationResult, inviteMembers } from '../service/invite.ts';
import { resendInvitation, revokeInvitation } from '../service/manage.ts';
import { acceptInvitation, declineInvitation, type OwnInvitationInput } from '../service/settle.ts';
import { Invitation } from './invitation.ts';

const InvitationInput = builder.inputType('InvitationInput', {
  description: 'One person to invite.',
  fields: (t) => ({
    email: t.string({
      required: true,
      description: 'Address to invite; it does not need an account.',
    }),
    roleKeys: t.stringList({
      required: true,
      description:
        'Keys of the roles to grant, at most 20; empty for the default role of the tenant.',
    }),
  }),
});

const InviteMembersInput = builder.inputType('InviteMembersInput', {
  description: 'People to invite; each is handled independently.',
  fields: (t) => ({
    tenantId: t.id({ required: true, description: 'Id of the tenant to invite to.' }),
    invitations: t.field({
      type: [InvitationInput],
      required: true,
      description: '1 to 100 people.',
    }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const InvitationResultType = builder.objectRef<InvitationResult>('InvitationResult').implement({
  description: 'Result for one person: an invitation, or the error that prevented it.',
  fields: (t) => ({
    email: t.exposeString('email', {
      description: 'The address, in canonical form if it is valid.',
    }),
    invitation: t.expose('invitation', {
      type: Invitation,
      nullable: true,
      description: 'The invitation; null on error.',
    }),
    error: t.field({
      type: ErrorInterface,
      nullable: true,
      description: 'Why this person was not invited; `path` leads to the field.',
      resolve: ({ error }) => error && toRejection(error),
    }),
  }),
});

const InviteMembersSuccess = builder
  .objectRef<{ results: InvitationResult[] }>('InviteMembersSuccess')
  .implement({
    description: 'All people were processed; see each result.',
    fields: (t) => ({
      results: t.expose('results', {
        type: [InvitationResultType],
        description: 'One result per person, in the order of the input.',
        extensions: price({ items: invitationsPerCallMax }),
      }),
    }),
  });

addMutation('inviteMembers', {
  description:
    'Invites up to 100 people by e-mail, with a result for each. Requires members:invite and every permission the roles grant.',
  input: InviteMembersInput,
  callers: 'credentials',
  result: createResultType('InviteMembers', InviteMembersSuccess),
  resolve: async (ctx, { tenantId, ...input }) => ({
    results: await inviteMembers(ctx, {
      ...input,
      tenantId: requireIdOf('Tenant', tenantId, 'tenant').id,
    }),
  }),
});

const InvitationIdInput = builder.inputType('InvitationIdInput', {
  description: 'An invitation.',
  fields: (t) => ({ invitationId: t.id({ required: true, description: 'Id of the invitation.' }) }),
});

const RevokeInvitationSuccess = builder
  .objectRef<{ invitation: InvitationRecord }>('RevokeInvitationSuccess')
  .implement({
    description: 'The invitation was revoked; its link no longer works.',
    fields: (t) => ({
      invitation: t.expose('invitation', {
        type: Invitation,
        description: 'The invitation after the change.',
      }),
    }),
  });

addMutation('revokeInvitation', {
  description:
    'Revokes a pending invitation. Requires members:invite and every permission it grants.',
  input: InvitationIdInput,
  callers: 'credentials',
  result: createResultType('RevokeInvitation', RevokeInvitationSuccess),
  resolve: async (ctx, { invitationId }) => ({
    invitation: await revokeInvitation(ctx, toTenantOwnedRef(invitationId)),
  }),
});

const ResendInvitationSuccess = builder
  .objectRef<{ invitation: InvitationRecord }>('ResendInvitationSuccess')
  .implement({
    description: 'A new link is on its way; the old one no longer works.',
    fields: (t) => ({
      invitation: t.expose('invitation', {
        type: Invitation,
        description: 'The invitation after the change.',
      }),
    }),
  });

addMutation('resendInvitation', {
  description:
    'Resends a pending or expired invitation with a new link and a new expiry. Requires members:invite and every permission it grants.',
  input: InvitationIdInput,
  callers: 'credentials',
  result: createResultType('ResendInvitation', ResendInvitationSuccess, [
    LimitReachedError,
    RateLimitedError,
  ]),
  resolve: async (ctx, { invitationId }) => ({
    invitation: await resendInvitation(ctx, toTenantOwnedRef(invitationId)),
  }),
});

const AcceptInvitationInput = builder.inputType('AcceptInvitationInput', {
  description: 'Identifies an invitation to the caller by exactly one of its fields.',
  fields: (t) => ({
    token: t.string({ description: 'Token from the link in the mail.' }),
    invitationId: t.id({ description: 'Id of one of `viewer.pendingInvitations`.' }),
  }),
});

const AcceptInvitationSuccess = builder
  .objectRef<{ membership: MembershipRecord }>('AcceptInvitationSuccess')
  .implement({
    description: 'The caller is now a member.',
    fields: (t) => ({
      membership: t.expose('membership', { type: Membership, description: 'The new membership.' }),
    }),
  });

addMutation('acceptInvitation', {
  description: 'Joins a tenant. The caller’s verified e-mail address must be the invited one.',
  input: AcceptInvitationInput,
  result: createResultType('AcceptInvitation', AcceptInvitationSuccess, [LimitReachedError]),
  resolve: async (ctx, input) => ({ membership: await acceptInvitation(ctx, toOwnInput(input)) }),
});

const DeclineInvitationInput = builder.inputType('DeclineInvitationInput', {
  description: 'Identifies an invitation to the caller by exactly one of its fields.',
  fields: (t) => ({
    token: t.string({ description: 'Token from the link in the mail.' }),
    invitationId: t.id({ description: 'Id of one of `viewer.pendingInvitations`.' }),
  }),
});

const DeclineInvitationSuccess = builder
  .objectRef<{ id: string; tenantId: string }>('DeclineInvitationSuccess')
  .implement({
    description: 'The invitation was declined; its link no longer works.',
    fields: (t) => ({
      declinedInvitationId: t.id({
        description: 'Id of the declined invitation.',
        resolve: ({ id, tenantId }) => toGlobalId('Invitation', id, tenantId),
      }),
    }),
  });

addMutation('declineInvitation', {
  description:
    'Declines an invitation. The caller’s verified e-mail address must be the invited one.',
  input: DeclineInvitationInput,
  result: createResultType('DeclineInvitation', DeclineInvitationSuccess),
  resolve: (ctx, input) => declineInvitation(ctx, toOwnInput(input)),
});

type OwnInput = { token?: string | null | undefined; invitationId?: string | null | undefined };

function toOwnInput(input: OwnInput): OwnInvitationInput {
  const { field, value } = requireOneOf(input, ['token', 'invitationId']);
  if (field === 'token') return { token: value };
  const { id, tenantId } = parseIdOf('Invitation', value) ?? { id: nilUuid, tenantId: null };
  return { id, tenantId: tenantId ?? nilUuid };
}

function toTenantOwnedRef(invitationId: string) {
  return requireTenantOwnedId('Invitation', invitationId, 'invitation');
}
