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
  description: 'What has become of an invitation.',
  values: {
    PENDING: { value: 'pending', description: 'It can be accepted.' },
    ACCEPTED: { value: 'accepted', description: 'That person is, or was, a member.' },
    DECLINED: { value: 'declined', description: 'That person does not want to join.' },
    REVOKED: { value: 'revoked', description: 'The tenant took it back.' },
    EXPIRED: { value: 'expired', description: 'Its time is over; it can be sent again.' },
  } as const,
});

/** Who is invited brings the tenant along, which it could not load: it does not belong there yet. */
type Shape = InvitationRecord & { tenant?: TenantRecord };

export const Invitation = builder.objectRef<Shape>('Invitation').implement({
  description: 'That an e-mail address may join a tenant with certain roles.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({
      description: 'Opaque id.',
      resolve: ({ id, tenantId }) => toGlobalId('Invitation', id, tenantId),
    }),
    tenant: t.field({
      type: Tenant,
      description: 'Where to. Who is invited sees its name, and more only after joining.',
      resolve: async ({ tenant, tenantId }, _args, ctx) =>
        tenant ?? (await tenantLoader(ctx).load(tenantId)) ?? refuse(),
    }),
    email: t.exposeString('email', { description: 'To whom, in canonical form.' }),
    roles: t.field({
      type: [Role],
      description: 'The roles that it gives, by key.',
      extensions: price({ items: 5 }),
      resolve: ({ roles }) => [...roles],
    }),
    invitedBy: t.field({
      type: User,
      nullable: true,
      description:
        'Whose rights it rests on: who invited, or sent it again. Null where that is not visible.',
      resolve: ({ invitedBy }, _args, ctx) =>
        invitedBy === null ? null : userLoader(ctx).load(invitedBy),
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When the address was first invited.',
      resolve: ({ createdAt }) => createdAt,
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'Until when it can be accepted.',
      resolve: ({ expiresAt }) => expiresAt,
    }),
    status: t.expose('status', { type: InvitationStatus, description: 'What has become of it.' }),
  }),
});

registerNode('Invitation', (ctx, { id, tenantId }) =>
  tenantId === null ? Promise.resolve(null) : service.findInvitation(ctx, tenantId, id),
);

const InvitationConnection = createConnectionType('Invitation', Invitation);

builder.objectField(Tenant, 'invitations', (t) =>
  t.field({
    type: InvitationConnection,
    description: 'Who was invited, newest first. Needs invitations:read.',
    args: pageArgs(t),
    resolve: ({ id }, page, ctx) => service.listInvitations(ctx, id, page),
  }),
);

const InvitationPreviewType = builder.objectRef<InvitationPreview>('InvitationPreview').implement({
  description: 'What whoever holds a mailed link may know before signing in.',
  fields: (t) => ({
    tenantName: t.exposeString('tenantName', { description: 'The name of the tenant.' }),
    inviterName: t.exposeString('inviterName', {
      nullable: true,
      description: 'The name of who invited; null where it has none.',
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'Until when the invitation can be accepted.',
      resolve: ({ expiresAt }) => expiresAt,
    }),
  }),
});

builder.queryField('invitation', (t) =>
  t.field({
    type: InvitationPreviewType,
    nullable: true,
    description: 'What an invitation link shows, signed in or not; null unless it is good now.',
    args: { token: t.arg.string({ required: true, description: 'From the link.' }) },
    resolve: (_root, { token }, ctx) => service.previewInvitation(ctx, token),
  }),
);

function refuse(): never {
  throw new NotFoundError('This tenant is not visible to you.');
}
