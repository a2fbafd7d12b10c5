import type { Principal } from '../../../core/access/principal.ts';
import { isPlatformAdmin } from '../../../core/context.ts';
import { emptyPage } from '../../../core/data/page.ts';
import type {
  ApiKey,
  Session as SessionRecord,
  User as UserRecord,
} from '../../../core/entities.ts';
import { builder } from '../../../graphql/builder.ts';
import { forwardArgs } from '../../../graphql/connection.ts';
import { parseIdOf, parseIdOrNil } from '../../../graphql/ids.ts';
import { Membership, MembershipConnection } from '../../memberships/schema.ts';
import { findOwnMembership, listMembershipsOfUser } from '../../memberships/service/read.ts';
import { findTenantOf } from '../../tenants/loaders.ts';
import { Tenant } from '../../tenants/schema.ts';
import { User } from '../../users/schema.ts';
import { listSessionsOfUser } from '../service/list.ts';
import { type SessionVerification, verifySession } from '../service/verify.ts';
import { Session, SessionConnection } from './session.ts';

/** A person with its session, or a program with its key. */
type Caller = { user: UserRecord | null; session: SessionRecord | null; apiKey: ApiKey | null };

export const Viewer = builder.objectRef<Caller>('Viewer').implement({
  description: 'Who is asking.',
  fields: (t) => ({
    user: t.field({
      type: User,
      nullable: true,
      description: 'The signed-in user; null for an API key.',
      resolve: ({ user }) => user,
    }),
    session: t.field({
      type: Session,
      nullable: true,
      description: 'The session of this request; null for an API key.',
      resolve: ({ session }) => session,
    }),
    memberships: t.field({
      type: MembershipConnection,
      description: 'Where the caller belongs, in the order of joining; nowhere for an API key.',
      args: forwardArgs(t),
      resolve: ({ user }, page, ctx) =>
        user ? listMembershipsOfUser(ctx, user.id, page) : emptyPage,
    }),
    membership: t.field({
      type: Membership,
      nullable: true,
      description: 'The caller’s membership in one tenant, or null.',
      args: { tenantId: t.arg.id({ required: true, description: 'Which tenant.' }) },
      resolve: (_viewer, { tenantId }, ctx) => {
        const key = parseIdOf('Tenant', tenantId);
        return key && findOwnMembership(ctx, key.id);
      },
    }),
    sessions: t.field({
      type: SessionConnection,
      description: 'The caller’s live sessions, newest first.',
      args: forwardArgs(t),
      resolve: ({ user }, page, ctx) => (user ? listSessionsOfUser(ctx, user.id, page) : emptyPage),
    }),
    isPlatformAdmin: t.boolean({
      description: 'The caller may act across tenants.',
      resolve: (_viewer, _args, ctx) => isPlatformAdmin(ctx),
    }),
  }),
});

function toCaller(principal: Principal): Caller | null {
  if (principal.kind === 'session') return { ...principal, apiKey: null };
  if (principal.kind === 'apiKey') return { ...principal, user: null, session: null };
  return null;
}

const SessionVerificationType = builder
  .objectRef<SessionVerification>('SessionVerification')
  .implement({
    description: 'What is known about a session token. Empty unless it is good.',
    fields: (t) => ({
      valid: t.exposeBoolean('isValid', { description: 'The token is good now.' }),
      session: t.expose('session', { type: Session, nullable: true, description: 'Its session.' }),
      user: t.expose('user', { type: User, nullable: true, description: 'Its user.' }),
      tenant: t.field({
        type: Tenant,
        nullable: true,
        description: 'The tenant that `permissions` are about.',
        resolve: ({ tenantId }, _args, ctx) => findTenantOf(ctx, tenantId),
      }),
      permissions: t.stringList({
        description: 'What the user may do in that tenant.',
        resolve: ({ permissions }) => [...permissions],
      }),
      expiresAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'When the session ends at the latest.',
        resolve: ({ session }) => session?.expiresAt,
      }),
    }),
  });

builder.queryFields((t) => ({
  viewer: t.field({
    type: Viewer,
    nullable: true,
    description: 'Who is asking; null when nobody is signed in.',
    resolve: (_root, _args, { principal }) => toCaller(principal),
  }),
  verifySession: t.field({
    type: SessionVerificationType,
    description:
      'For services: is this session token good, for whom, and what may they do in this tenant? ' +
      'Needs sessions:verify in the tenant, or is about the caller’s own token.',
    args: {
      token: t.arg.string({ required: true, description: 'The token to check.' }),
      tenantId: t.arg.id({ description: 'Good only for an active member of this tenant.' }),
    },
    resolve: (_root, { token, tenantId }, ctx) =>
      verifySession(ctx, {
        token,
        tenantId: tenantId == null ? null : parseIdOrNil('Tenant', tenantId),
      }),
  }),
}));
