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

/** A user with their session, or an API key. */
type Caller = { user: UserRecord | null; session: SessionRecord | null; apiKey: ApiKey | null };

export const Viewer = builder.objectRef<Caller>('Viewer').implement({
  description: 'The caller.',
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
      description: 'Memberships of the caller, in the order of joining; empty for an API key.',
      args: forwardArgs(t),
      resolve: ({ user }, page, ctx) =>
        user ? listMembershipsOfUser(ctx, user.id, page) : emptyPage,
    }),
    membership: t.field({
      type: Membership,
      nullable: true,
      description: 'Membership of the caller in one tenant, or null.',
      args: { tenantId: t.arg.id({ required: true, description: 'Id of the tenant.' }) },
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
      description: 'Whether the caller is a platform administrator, who acts across tenants.',
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
    description:
      'Result of checking a session token. Everything is null or empty unless it is valid.',
    fields: (t) => ({
      valid: t.exposeBoolean('isValid', { description: 'Whether the token is valid right now.' }),
      session: t.expose('session', { type: Session, nullable: true, description: 'The session.' }),
      user: t.expose('user', { type: User, nullable: true, description: 'User of the token.' }),
      tenant: t.field({
        type: Tenant,
        nullable: true,
        description: 'Tenant that `permissions` apply to.',
        resolve: ({ tenantId }, _args, ctx) => findTenantOf(ctx, tenantId),
      }),
      permissions: t.stringList({
        description: 'Permissions of the user in that tenant.',
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
    description: 'The caller; null if nobody is signed in.',
    resolve: (_root, _args, { principal }) => toCaller(principal),
  }),
  verifySession: t.field({
    type: SessionVerificationType,
    description:
      'For services: checks a session token, whose it is and what they may do in this tenant. Requires sessions:verify in the tenant, unless the caller checks its own token.',
    args: {
      token: t.arg.string({ required: true, description: 'The token to check.' }),
      tenantId: t.arg.id({
        description: 'The token is valid only if its user is an active member of this tenant.',
      }),
    },
    resolve: (_root, { token, tenantId }, ctx) =>
      verifySession(ctx, {
        token,
        tenantId: tenantId == null ? null : parseIdOrNil('Tenant', tenantId),
      }),
  }),
}));
