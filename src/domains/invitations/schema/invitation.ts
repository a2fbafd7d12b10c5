import { NotFoundError } from '../../../core/app-error.ts';
import type {
  Invitation as InvitationRecord,
  Tenant as TenantRecord,
} from '../../../core/entities.ts';
import { builder } from '../../../graphql/builder.ts';
import { createConnectionType, pageArgs } from '../../../graphql/connection.ts';
import { toGlobalId } from '../../../graphql/ids.ts';
import { Node, registerNode } from '../../../graphql/node.ts';
import { price } from '../../../graphql/price.ts';
import { Role } from '../../roles/schema/role.ts';
import { tenantLoader } from '../../tenants/loaders.ts';
import { Tenant } from '../../tenants/schema.ts';
import { userLoader } from '../../users/loaders.ts';
import { User } from '../../users/schema.ts';
import type { InvitationPreview } from '../queries/addressee.ts';
import * as service from '../service/read.ts';

const InvitationStatus = builder.enumType('InvitationStatus', {
  description: 'Status of an invitation.',
  values: {
    PENDING: { value: 'pending', description: 'It can be accepted.' },
    ACCEPTED: { value: 'accepted', description: 'Accepted; the person became a member.' },
    DECLINED: { value: 'declined', description: 'Declined by the invited person.' },
    REVOKED: { value: 'revoked', description: 'Revoked by the tenant.' },
    EXPIRED: { value: 'expired', description: 'Expired; it can be sent again.' },
  } as const,
});

/** Who is invited brings the tenant along, which it could not load: it does not belong there yet. */
type Shape = InvitationRecord & { tenant?: TenantRecord };

export const Invitation = builder.objectRef<Shape>('Invitation').implement({
  description: 'Invites an e-mail address to join a tenant with certain roles.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({
      description: 'Opaque id.',
      resolve: ({ id, tenantId }) => toGlobalId('Invitation', id, tenantId),
    }),
    tenant: t.field({
      type: Tenant,
      description: 'Tenant to join. The invited user sees its name, and more only after joining.',
      resolve: async ({ tenant, tenantId }, _args, ctx) =>
        tenant ?? (await tenantLoader(ctx).load(tenantId)) ?? refuse(),
    }),
    email: t.exposeString('email', { description: 'The invited address, in canonical form.' }),
    roles: t.field({
      type: [Role],
      description: 'Roles it grants, by key.',
      extensions: price({ items: 5 }),
      resolve: ({ roles }) => [...roles],
    }),
    invitedBy: t.field({
      type: User,
      nullable: true,
      description:
        'The inviter, or who last resent it; their permissions back the invitation. Null if not visible to the caller.',
      resolve: ({ invitedBy }, _args, ctx) =>
        invitedBy === null ? null : userLoader(ctx).load(invitedBy),
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When the invitation was created.',
      resolve: ({ createdAt }) => createdAt,
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When it expires.',
      resolve: ({ expiresAt }) => expiresAt,
    }),
    status: t.expose('status', {
      type: InvitationStatus,
      description: 'Status of the invitation.',
    }),
  }),
});

registerNode('Invitation', (ctx, { id, tenantId }) =>
  tenantId === null ? Promise.resolve(null) : service.findInvitation(ctx, tenantId, id),
);

const InvitationConnection = createConnectionType('Invitation', Invitation);

builder.objectField(Tenant, 'invitations', (t) =>
  t.field({
    type: InvitationConnection,
    description: 'Invitations, newest first. Requires invitations:read.',
    args: pageArgs(t),
    resolve: ({ id }, page, ctx) => service.listInvitations(ctx, id, page),
  }),
);

const InvitationPreviewType = builder.objectRef<InvitationPreview>('InvitationPreview').implement({
  description: 'What the holder of a mailed link can see before signing in.',
  fields: (t) => ({
    tenantName: t.exposeString('tenantName', { description: 'The name of the tenant.' }),
    inviterName: t.exposeString('inviterName', {
      nullable: true,
      description: 'Name of the inviter; null if not set.',
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When the invitation expires.',
      resolve: ({ expiresAt }) => expiresAt,
    }),
  }),
});

builder.queryField('invitation', (t) =>
  t.field({
    type: InvitationPreviewType,
    nullable: true,
    description:
      'Preview of an invitation by its link, signed in or not; null unless it can be accepted now.',
    args: { token: t.arg.string({ required: true, description: 'Token from the link.' }) },
    resolve: (_root, { token }, ctx) => service.previewInvitation(ctx, token),
  }),
);

function refuse(): never {
  throw new NotFoundError('This tenant is not visible to you.');
}
