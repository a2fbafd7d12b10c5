import { everybody, inTenant, onlyWhere, selfOrPlatform, withParent } from './rooms.ts';
import { isThere } from './scene.ts';
import { type FieldTable, fields } from './table.ts';

/** Nothing is known about a token unless it is good in the asked tenant. */
const whereGood = onlyWhere('where the token is good', isThere);

/** A list's page: whoever got the list has got all of it. */
const page = {
  ...fields(withParent, 'edges pageInfo totalCount'),
};
const edge = fields(withParent, 'cursor node');
const refusal = fields(everybody, 'code message path');

/** The fields of every other object type. */
export const objectFields: FieldTable = {
  Tenant: {
    ...fields(withParent, 'id slug name status createdAt deletionAt'),
    metadata: inTenant('tenant:read'),
    memberCount: inTenant('tenant:read'),
    owners: { room: withParent, subject: { person: 'owner' } },
    settings: inTenant('tenant:read'),
    limits: inTenant('tenant:read'),
    usage: inTenant('tenant:read'),
    memberships: inTenant('members:read'),
    roles: inTenant('roles:read'),
    sessions: inTenant('sessions:read'),
    auditEvents: inTenant('audit:read'),
    viewerMembership: {
      room: onlyWhere(
        'its members',
        ({ caller, subject }) => caller !== 'platformAdmin' || subject.person === 'caller',
      ),
      subject: { person: 'caller' },
    },
    viewerPermissions: withParent,
  },
  TenantSettings: {
    ...fields(withParent, 'sessionIdleTimeoutSeconds sessionAbsoluteTimeoutSeconds'),
    ...fields(withParent, 'defaultRoleKey allowedEmailDomains'),
  },
  TenantLimits: fields(withParent, 'members apiKeys customRoles'),
  TenantUsage: fields(withParent, 'members customRoles sessions'),
  User: {
    ...fields(withParent, 'id email emailVerified name avatarUrl locale status metadata'),
    ...fields(withParent, 'lastSignInAt createdAt viewerPermissions memberships'),
    sessions: selfOrPlatform(),
  },
  Membership: {
    ...fields(withParent, 'id isActive joinedAt lastSignInAt metadata permissions roles'),
    ...fields(withParent, 'tenant user viewerPermissions'),
  },
  Role: {
    ...fields(withParent, 'id key name description isBuiltIn permissions'),
    memberCount: inTenant('members:read'),
  },
  Session: {
    ...fields(withParent, 'id createdAt expiresAt idleExpiresAt lastSeenAt ip userAgent'),
    ...fields(withParent, 'isCurrent user'),
    tenant: onlyWhere(
      'where it is bound to one',
      ({ caller, subject }) =>
        subject.isBound || (caller === 'bound' && subject.person === 'caller'),
    ),
  },
  ViewerEvent: {
    ...fields(withParent, 'type at'),
    subject: { room: withParent, asks: [{ name: 'the viewer', gives: 'User' }] },
  },
  AuditEvent: {
    ...fields(withParent, 'id sequence at action actorId changes requestId ip hash redactedAt'),
    actor: { room: withParent, asks: [{ name: 'a person', gives: 'User' }] },
    impersonator: { room: withParent, subject: { person: 'owner' } },
    target: { room: withParent, asks: [{ name: 'a membership', gives: 'Membership' }] },
  },
  Viewer: {
    ...fields(withParent, 'user session sessions memberships isPlatformAdmin'),
    membership: {
      room: onlyWhere(
        'its members',
        ({ caller, target }) => target === 'own' && caller !== 'platformAdmin',
      ),
      asks: [{ name: 'in a tenant', args: ({ Tenant }) => ({ tenantId: Tenant }) }],
    },
  },
  SessionVerification: {
    ...fields(withParent, 'valid permissions expiresAt'),
    ...fields(whereGood, 'session tenant user'),
  },
  Permission: fields(everybody, 'key title description isDangerous'),
  PermissionDecision: fields(withParent, 'permission tenantId allowed reason'),

  AuditEventConnection: page,
  AuditEventEdge: edge,
  MembershipConnection: page,
  MembershipEdge: edge,
  SessionConnection: page,
  SessionEdge: edge,
  TenantConnection: page,
  TenantEdge: edge,
  UserConnection: page,
  UserEdge: edge,
  PageInfo: fields(withParent, 'hasNextPage hasPreviousPage startCursor endCursor'),

  ConflictError: refusal,
  ForbiddenError: refusal,
  InvalidInputError: refusal,
  LimitReachedError: refusal,
  NotFoundError: refusal,
  RateLimitedError: { ...refusal, retryAfterSeconds: everybody },
  InvalidCredentialsError: refusal,

  ChangePasswordSuccess: fields(withParent, 'revokedCount'),
  CleanupExpiredDataSuccess: fields(withParent, 'isComplete sessions signInBudgets tenants'),
  CreateRoleSuccess: fields(withParent, 'role'),
  CreateTenantSuccess: fields(withParent, 'tenant'),
  DeleteRoleSuccess: fields(withParent, 'deletedRoleId'),
  DeleteTenantSuccess: fields(withParent, 'tenant'),
  EraseUserSuccess: fields(withParent, 'erasedUserId'),
  LeaveTenantSuccess: fields(withParent, 'leftTenantId'),
  ReinstateUserSuccess: fields(withParent, 'user'),
  RemoveMemberSuccess: fields(withParent, 'removedMembershipId'),
  RestoreTenantSuccess: fields(withParent, 'tenant'),
  ResumeTenantSuccess: fields(withParent, 'tenant'),
  RevokeSessionSuccess: fields(withParent, 'revokedSessionId'),
  RevokeSessionsSuccess: fields(withParent, 'revokedCount'),
  SignInSuccess: fields(withParent, 'token session user'),
  SignOutSuccess: fields(withParent, 'ok'),
  SignUpSuccess: fields(withParent, 'token session user tenant'),
  SuspendTenantSuccess: fields(withParent, 'tenant'),
  SuspendUserSuccess: fields(withParent, 'user'),
  TransferOwnershipSuccess: fields(withParent, 'membership'),
  UpdateMembershipSuccess: fields(withParent, 'membership'),
  UpdateProfileSuccess: fields(withParent, 'user'),
  UpdateRoleSuccess: fields(withParent, 'role'),
  UpdateTenantLimitsSuccess: fields(withParent, 'limits'),
  UpdateTenantSuccess: fields(withParent, 'tenant'),
};
