import { everybody, inTenant, onlyWhere, type Room, selfOrPlatform, withParent } from './rooms.ts';
import { getStanding, isThere, type Scene } from './scene.ts';
import { type FieldTable, fields } from './table.ts';

/** Nothing is known about a token unless it is good in the asked tenant. */
const whereGood = onlyWhere('where the token is good', isThere);

/** Nobody who asks is invited anywhere: what is there is to others. */
const invitedOnly: Room = { name: 'who is invited', judge: () => 'empty' };

/** The same of a key, which is good in its tenant alone. */
const whereGoodKey = onlyWhere(
  'where the key is good, in its tenant',
  (scene) => isThere(scene) && getStanding(scene) !== 'outsider',
);

/** A person's own, of which a key has none. */
const ofPeople = onlyWhere('for people', ({ caller }) => caller !== 'key');

/** A list's page: anyone who got the list has got all of it, but a key has no lists of its own. */
const page = {
  edges: {
    name: withParent.name,
    judge: ({ caller, subject }: Scene) =>
      caller === 'key' && subject.person === 'caller' ? ('empty' as const) : ('allowed' as const),
  },
  ...fields(withParent, 'pageInfo totalCount'),
};
const edge = fields(withParent, 'cursor node');
const rejection = fields(everybody, 'code message path');

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
    invitations: inTenant('invitations:read'),
    roles: inTenant('roles:read'),
    sessions: inTenant('sessions:read'),
    apiKeys: inTenant('api-keys:read'),
    auditEvents: inTenant('audit:read'),
    viewerMembership: {
      room: onlyWhere(
        'its members',
        ({ caller, subject }) =>
          caller !== 'key' && (caller !== 'platformAdmin' || subject.person === 'caller'),
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
  TenantUsage: fields(withParent, 'members pendingInvitations apiKeys customRoles sessions'),
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
    ...fields(withParent, 'isCurrent user place device impersonatorId'),
    // Nobody of the matrix sees both such a session and the administrator who acts in it.
    impersonator: onlyWhere('where the administrator may be seen', () => false),
    tenant: onlyWhere(
      'where it is bound to one',
      ({ caller, subject }) =>
        subject.isBound || (caller === 'bound' && subject.person === 'caller'),
    ),
  },
  ApiKey: {
    ...fields(withParent, 'id name hint permissions effectivePermissions tenant createdBy'),
    ...fields(withParent, 'createdAt expiresAt lastUsedAt revokedAt'),
  },
  Invitation: {
    ...fields(withParent, 'id tenant email roles createdAt expiresAt status'),
    invitedBy: { room: withParent, subject: { person: 'owner' } },
  },
  InvitationPreview: fields(withParent, 'tenantName inviterName expiresAt'),
  InvitationResult: fields(withParent, 'email invitation error'),
  ViewerEvent: {
    ...fields(withParent, 'type at'),
    subject: { room: withParent, asks: [{ name: 'the viewer', gives: 'User' }] },
  },
  AuditEvent: {
    ...fields(withParent, 'id sequence at action actorId changes requestId ip hash redactedAt'),
    actor: { room: withParent, asks: [{ name: 'a person', gives: 'User' }] },
    impersonator: { room: withParent, subject: { person: 'owner' } },
    impersonatorId: withParent,
    target: { room: withParent, asks: [{ name: 'a membership', gives: 'Membership' }] },
  },
  Viewer: {
    ...fields(withParent, 'sessions memberships isPlatformAdmin'),
    ...fields(ofPeople, 'user session'),
    apiKey: onlyWhere('for keys', ({ caller }) => caller === 'key'),
    pendingInvitations: invitedOnly,
    membership: {
      room: onlyWhere(
        'its members',
        ({ caller, target }) => target === 'own' && caller !== 'platformAdmin' && caller !== 'key',
      ),
      asks: [{ name: 'in a tenant', args: ({ Tenant }) => ({ tenantId: Tenant }) }],
    },
  },
  SessionVerification: {
    ...fields(withParent, 'valid permissions expiresAt'),
    ...fields(whereGood, 'session tenant user'),
  },
  Monitoring: {
    ...fields(withParent, 'tableStats indexUsage userActivity tenantUsage connectionPool'),
    ...fields(withParent, 'cacheHitRatio recommendations'),
    slowQueries: { room: withParent, asks: [{ name: 'all', args: () => ({ minMeanMs: 0 }) }] },
  },
  SlowQuery: fields(withParent, 'query calls meanMs totalMs rows'),
  TableStat: fields(withParent, 'table rows bytes deadRows lastVacuum lastAnalyze'),
  IndexUsage: fields(withParent, 'index table scans bytes'),
  UserActivity: fields(withParent, 'day signIns failedSignIns activeUsers newUsers'),
  TenantUsageRow: {
    ...fields(withParent, 'members activeSessions apiKeys lastActivityAt'),
    // The largest, which is nobody's in particular.
    tenant: { room: withParent, asks: [{ name: 'the largest', endsHere: true }] },
  },
  PoolStat: fields(withParent, 'size idle waiting max'),
  Recommendation: fields(withParent, 'severity subject advice'),

  ApiKeyVerification: {
    ...fields(withParent, 'valid permissions missing'),
    ...fields(whereGoodKey, 'apiKey tenant'),
  },
  Permission: fields(everybody, 'key title description isDangerous'),
  PasswordPolicy: fields(everybody, 'lengthMin lengthMax usesBlocklist rules'),
  PermissionDecision: fields(withParent, 'permission tenantId allowed reason'),

  ApiKeyConnection: page,
  ApiKeyEdge: edge,
  AuditEventConnection: page,
  AuditEventEdge: edge,
  InvitationConnection: page,
  InvitationEdge: edge,
  MembershipConnection: page,
  MembershipEdge: edge,
  SessionConnection: page,
  SessionEdge: edge,
  TenantConnection: page,
  TenantEdge: edge,
  UserConnection: page,
  UserEdge: edge,
  PageInfo: fields(withParent, 'hasNextPage hasPreviousPage startCursor endCursor'),

  ConflictError: rejection,
  ForbiddenError: { ...rejection, reason: everybody },
  InvalidInputError: rejection,
  LimitReachedError: rejection,
  NotFoundError: rejection,
  RateLimitedError: { ...rejection, retryAfterSeconds: everybody },
  InvalidCredentialsError: rejection,

  AcceptInvitationSuccess: fields(withParent, 'membership'),
  ChangePasswordSuccess: fields(withParent, 'revokedCount revokedApiKeyCount'),
  CreateApiKeySuccess: fields(withParent, 'apiKey secret'),
  CleanupExpiredDataSuccess: fields(
    withParent,
    'idempotencyKeys invitations isComplete oneTimeTokens sessions signInBudgets tenants',
  ),
  ConfirmPasswordSuccess: fields(withParent, 'session'),
  CreateRoleSuccess: fields(withParent, 'role'),
  CreateTenantSuccess: fields(withParent, 'tenant'),
  DeclineInvitationSuccess: fields(withParent, 'declinedInvitationId'),
  DeleteRoleSuccess: fields(withParent, 'deletedRoleId'),
  DeleteTenantSuccess: fields(withParent, 'tenant'),
  EraseUserSuccess: fields(withParent, 'erasedUserId'),
  ExportUserDataSuccess: fields(withParent, 'data'),
  InviteMembersSuccess: fields(withParent, 'results'),
  LeaveTenantSuccess: fields(withParent, 'leftTenantId'),
  ReinstateUserSuccess: fields(withParent, 'user'),
  RemoveMemberSuccess: fields(withParent, 'removedMembershipId'),
  RequestEmailVerificationSuccess: fields(withParent, 'emailVerified'),
  RequestPasswordResetSuccess: fields(everybody, 'ok'),
  ResendInvitationSuccess: fields(withParent, 'invitation'),
  ResetPasswordSuccess: fields(withParent, 'revokedCount revokedApiKeyCount'),
  RestoreTenantSuccess: fields(withParent, 'tenant'),
  ResumeTenantSuccess: fields(withParent, 'tenant'),
  RevokeApiKeySuccess: fields(withParent, 'apiKey'),
  RevokeInvitationSuccess: fields(withParent, 'invitation'),
  RevokeSessionSuccess: fields(withParent, 'revokedSessionId'),
  RevokeSessionsSuccess: fields(withParent, 'revokedCount'),
  RotateApiKeySuccess: fields(withParent, 'apiKey secret'),
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
  VerifyEmailSuccess: fields(withParent, 'email'),
};
