import type { Session as SessionRecord } from '../../../core/entities.ts';
import { builder } from '../../../graphql/builder.ts';
import { createConnectionType, forwardArgs } from '../../../graphql/connection.ts';
import { toGlobalId } from '../../../graphql/ids.ts';
import { Node, registerNode } from '../../../graphql/node.ts';
import { describeDevice } from '../../../lib/device.ts';
import { findTenantOf } from '../../tenants/loaders.ts';
import { Tenant } from '../../tenants/schema.ts';
import { User } from '../../users/schema.ts';
import { findVisibleUser } from '../../users/service.ts';
import {
  findSession,
  getUserOfSession,
  listSessionsOfTenant,
  listSessionsOfUser,
} from '../service/list.ts';

export const Session = builder.objectRef<SessionRecord>('Session').implement({
  description: 'A live session.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({
      description: 'Opaque id; not the token itself.',
      resolve: ({ id, tenantId }) => toGlobalId('Session', id, tenantId),
    }),
    user: t.field({
      type: User,
      description: 'User of the session.',
      resolve: (session, _args, ctx) => getUserOfSession(ctx, session),
    }),
    tenant: t.field({
      type: Tenant,
      nullable: true,
      description: 'The tenant it is bound to, if any.',
      resolve: ({ tenantId }, _args, ctx) => findTenantOf(ctx, tenantId),
    }),
    ip: t.exposeString('ip', { nullable: true, description: 'IP address it was opened from.' }),
    userAgent: t.exposeString('userAgent', {
      nullable: true,
      description: 'User-Agent header it was opened with.',
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was opened.',
      resolve: ({ createdAt }) => createdAt,
    }),
    lastSeenAt: t.field({
      type: 'DateTime',
      description: 'When it was last used, accurate to about half a minute.',
      resolve: ({ lastSeenAt }) => lastSeenAt,
    }),
    idleExpiresAt: t.field({
      type: 'DateTime',
      description: 'When the session expires unless it is used.',
      resolve: ({ idleExpiresAt }) => idleExpiresAt,
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When the session expires at the latest.',
      resolve: ({ expiresAt }) => expiresAt,
    }),
    isCurrent: t.boolean({
      description: 'Whether it is the session of this request.',
      resolve: ({ id }, _args, ctx) =>
        ctx.principal.kind === 'session' && ctx.principal.session.id === id,
    }),
  }),
});

/** Fields by which users recognise a sign-in. */
builder.objectFields(Session, (t) => ({
  place: t.exposeString('place', {
    nullable: true,
    description: 'Location as reported by the proxy in front, such as a country.',
  }),
  device: t.string({
    nullable: true,
    description: 'Program and system for people, such as Firefox on Windows.',
    resolve: ({ userAgent }) => (userAgent === null ? null : describeDevice(userAgent)),
  }),
  impersonator: t.field({
    type: User,
    nullable: true,
    description:
      'The platform administrator who impersonates the user; null if not visible to the caller.',
    resolve: ({ impersonatorId }, _args, ctx) =>
      impersonatorId === null ? null : findVisibleUser(ctx, impersonatorId),
  }),
  impersonatorId: t.id({
    nullable: true,
    description: 'Id of that administrator; null unless the session impersonates.',
    resolve: ({ impersonatorId }) => impersonatorId && toGlobalId('User', impersonatorId),
  }),
}));

registerNode('Session', (ctx, key) => findSession(ctx, key));

export const SessionConnection = createConnectionType('Session', Session);

builder.objectField(User, 'sessions', (t) =>
  t.field({
    type: SessionConnection,
    description:
      'Live sessions, newest first. For the user themselves and platform administrators.',
    args: forwardArgs(t),
    resolve: ({ id }, page, ctx) => listSessionsOfUser(ctx, id, page),
  }),
);

builder.objectField(Tenant, 'sessions', (t) =>
  t.field({
    type: SessionConnection,
    description: 'Live sessions bound to this tenant, newest first. Requires sessions:read.',
    args: forwardArgs(t),
    resolve: ({ id }, page, ctx) => listSessionsOfTenant(ctx, id, page),
  }),
);
