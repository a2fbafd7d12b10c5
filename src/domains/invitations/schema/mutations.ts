import { LimitReachedError, RateLimitedError } from '../../../core/app-error.ts';
import type {
  Invitation as InvitationRecord,
  Membership as MembershipRecord,
} from '../../../core/entities.ts';
import { builder } from '../../../graphql/builder.ts';
import { ErrorInterface, toRefusal } from '../../../graphql/errors.ts';
import { idempotencyKeyField } from '../../../graphql/idempotency.ts';
import { parseIdOf, requireIdOf, requireTenantOwnedId, toGlobalId } from '../../../graphql/ids.ts';
import { addMutation, createResultType } from '../../../graphql/mutation.ts';
import { requireOneOf } from '../../../graphql/one-of.ts';
import { price } from '../../../graphql/price.ts';
import { nilUuid } from '../../../lib/uuid.ts';
import { Membership } from '../../memberships/schema.ts';
import { type InvitationResult, inviteMembers } from '../service/invite.ts';
import { resendInvitation, revokeInvitation } from '../service/manage.ts';
import { acceptInvitation, declineInvitation, type OwnInvitationInput } from '../service/settle.ts';
import { Invitation } from './invitation.ts';

const InvitationInput = builder.inputType('InvitationInput', {
  description: 'One person to invite.',
  fields: (t) => ({
    email: t.string({ required: true, description: 'Whether it has an account does not matter.' }),
    roleKeys: t.stringList({
      required: true,
      description: 'The roles to give, at most 20; empty for the default role of the tenant.',
    }),
  }),
});

const InviteMembersInput = builder.inputType('InviteMembersInput', {
  description: 'Whom to invite; each line is taken for itself.',
  fields: (t) => ({
    tenantId: t.id({ required: true, description: 'Where to.' }),
    invitations: t.field({
      type: [InvitationInput],
      required: true,
      description: '1 to 100 people.',
    }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const InvitationResultType = builder.objectRef<InvitationResult>('InvitationResult').implement({
  description: 'What became of one line: an invitation, or the reason why there is none.',
  fields: (t) => ({
    email: t.exposeString('email', {
      description: 'The address, in canonical form if it has one.',
    }),
    invitation: t.expose('invitation', {
      type: Invitation,
      nullable: true,
      description: 'The invitation; null where the line was refused.',
    }),
    error: t.field({
      type: ErrorInterface,
      nullable: true,
      description: 'Why the line was refused; `path` leads to its field.',
      resolve: ({ error }) => error && toRefusal(error),
    }),
  }),
});

const resultsPerCall = 100;

const InviteMembersSuccess = builder
  .objectRef<{ results: InvitationResult[] }>('InviteMembersSuccess')
  .implement({
    description: 'Every line has been decided on.',
    fields: (t) => ({
      results: t.expose('results', {
        type: [InvitationResultType],
        description: 'In the order of the lines.',
        extensions: price({ items: resultsPerCall }),
      }),
    }),
  });

addMutation('inviteMembers', {
  description:
    'Invites up to 100 people by e-mail, with a result for each. Needs members:invite, and every right given.',
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
  fields: (t) => ({ invitationId: t.id({ required: true, description: 'Which invitation.' }) }),
});

const RevokeInvitationSuccess = builder
  .objectRef<{ invitation: InvitationRecord }>('RevokeInvitationSuccess')
  .implement({
    description: 'The invitation was taken back; its link is dead.',
    fields: (t) => ({
      invitation: t.expose('invitation', { type: Invitation, description: 'As it is now.' }),
    }),
  });

addMutation('revokeInvitation', {
  description:
    'Takes a pending invitation back. Needs members:invite, and every right that it gives.',
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
    description: 'A new link is on its way; the old one is dead.',
    fields: (t) => ({
      invitation: t.expose('invitation', { type: Invitation, description: 'As it is now.' }),
    }),
  });

addMutation('resendInvitation', {
  description:
    'Mails a pending or expired invitation again, with a new link and all its time before it. ' +
    'Needs members:invite, and every right that it gives.',
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
  description: 'An invitation to the caller, by one of both.',
  fields: (t) => ({
    token: t.string({ description: 'From the link in the mail.' }),
    invitationId: t.id({ description: 'One of `viewer.pendingInvitations`.' }),
  }),
});

const AcceptInvitationSuccess = builder
  .objectRef<{ membership: MembershipRecord }>('AcceptInvitationSuccess')
  .implement({
    description: 'The caller is a member.',
    fields: (t) => ({
      membership: t.expose('membership', { type: Membership, description: 'The new membership.' }),
    }),
  });

addMutation('acceptInvitation', {
  description: 'Joins a tenant. The caller must have the invited e-mail address, verified.',
  input: AcceptInvitationInput,
  result: createResultType('AcceptInvitation', AcceptInvitationSuccess, [LimitReachedError]),
  resolve: async (ctx, input) => ({ membership: await acceptInvitation(ctx, toOwnInput(input)) }),
});

const DeclineInvitationInput = builder.inputType('DeclineInvitationInput', {
  description: 'An invitation to the caller, by one of both.',
  fields: (t) => ({
    token: t.string({ description: 'From the link in the mail.' }),
    invitationId: t.id({ description: 'One of `viewer.pendingInvitations`.' }),
  }),
});

const DeclineInvitationSuccess = builder
  .objectRef<{ id: string; tenantId: string }>('DeclineInvitationSuccess')
  .implement({
    description: 'The invitation is settled; its link is dead.',
    fields: (t) => ({
      declinedInvitationId: t.id({
        description: 'Which it was.',
        resolve: ({ id, tenantId }) => toGlobalId('Invitation', id, tenantId),
      }),
    }),
  });

addMutation('declineInvitation', {
  description: 'Refuses an invitation. The caller must have the invited e-mail address, verified.',
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
