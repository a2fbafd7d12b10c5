import {
  type AccessRule,
  anyone,
  inTenant,
  onlyWhere,
  selfOrPlatform,
  withParent,
} from './access-rules.ts';
import { type Attempt, exists, getRelation } from './attempt.ts';
import { type FieldTable, fields } from './table.ts';

/** Null unless the token is valid in the requested tenant. */
const whereValid = onlyWhere('where the token is valid', exists);

/** Empty for all callers: none of them is invited. */
const invitedUser: AccessRule = { name: 'invited user', judge: () => 'empty' };

/** The same for a key, which is valid only in its tenant. */
const whereValidKey = onlyWhere(
  'where the key is valid, in its tenant',
  (attempt) => exists(attempt) && getRelation(attempt) !== 'outsider',
);

/** Null for keys, which are no users. */
const usersOnly = onlyWhere('for people', ({ caller }) => caller !== 'key');

/** A page is readable with its list; lists of the caller's own are empty for a key. */
const page = {
  edges: {
    name: withParent.name,
    judge: ({ caller, subject }: Attempt) =>
      caller === 'key' && subject.person === 'caller' ? ('empty' as const) : ('allowed' as const),
  },
  ...fields(withParent, 'pageInfo totalCount'),
};
const edge = fields(withParent, 'cursor node');
const rejection = fields(anyone, 'code message path');

/** The access rules of all other object types. */
export const objectFields: FieldTable = {
  Tenant: {
    ...fields(withParent, 'id slug name status createdAt deletionAt'),
    metadata: inTenant('tenant:read'),
    memberCount: inTenant('tenant:read'),
    owners: { rule: withParent, subject: { person: 'owner' } },
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
      rule: onlyWhere(
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
    // No caller can see both such a session and its administrator.
    impersonator: onlyWhere('where the administrator is visible', () => false),
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
    invitedBy: { rule: withParent, subject: { person: 'owner' } },
  },
  InvitationPreview: fields(withParent, 'tenantName inviterName expiresAt'),
  InvitationResult: fields(withParent, 'email invitation error'),
  ViewerEvent: {
    ...fields(withParent, 'type at'),
    subject: { rule: withParent, variants: [{ name: 'the viewer', returnsType: 'User' }] },
  },
  AuditEvent: {
    ...fields(withParent, 'id sequence at action actorId changes requestId ip hash redactedAt'),
    actor: { rule: withParent, variants: [{ name: 'a person', returnsType: 'User' }] },
    impersonator: { rule: withParent, subject: { person: 'owner' } },
    impersonatorId: withParent,
    target: { rule: withParent, variants: [{ name: 'a membership', returnsType: 'Membership' }] },
  },
  Viewer: {
    ...fields(withParent, 'sessions memberships isPlatformAdmin'),
    ...fields(usersOnly, 'user session'),
    apiKey: onlyWhere('for keys', ({ caller }) => caller === 'key'),
    pendingInvitations: invitedUser,
    membership: {
      rule: onlyWhere(
        'its members',
        ({ caller, target }) => target === 'own' && caller !== 'platformAdmin' && caller !== 'key',
      ),
      variants: [{ name: 'in a tenant', args: ({ Tenant }) => ({ tenantId: Tenant }) }],
    },
  },
  SessionVerification: {
    ...fields(withParent, 'valid permissions expiresAt'),
    ...fields(whereValid, 'session tenant user'),
  },
  Monitoring: {
    ...fields(withParent, 'tableStats indexUsage userActivity tenantUsage connectionPool'),
    ...fields(withParent, 'cacheHitRatio recommendations'),
    slowQueries: { rule: withParent, variants: [{ name: 'all', args: () => ({ minMeanMs: 0 }) }] },
  },
  SlowQuery: fields(withParent, 'query calls meanMs totalMs rows'),
  TableStat: fields(withParent, 'table rows bytes deadRows lastVacuum lastAnalyze'),
  IndexUsage: fields(withParent, 'index table scans bytes'),
  UserActivity: fields(withParent, 'day signIns failedSignIns activeUsers newUsers'),
  TenantUsageRow: {
    ...fields(withParent, 'members activeSessions apiKeys lastActivityAt'),
    // The largest tenant, which is none of the targets.
    tenant: { rule: withParent, variants: [{ name: 'the largest', stopsHere: true }] },
  },
  PoolStat: fields(withParent, 'size idle waiting max'),
  Recommendation: fields(withParent, 'severity subject advice'),

  ApiKeyVerification: {
    ...fields(withParent, 'valid permissions missing'),
    ...fields(whereValidKey, 'apiKey tenant'),
  },
  Permission: fields(anyone, 'key title description isDangerous'),
  PasswordPolicy: fields(anyone, 'lengthMin lengthMax usesBlocklist rules'),
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
  ForbiddenError: { ...rejection, reason: anyone },
  InvalidInputError: rejection,
  LimitReachedError: rejection,
  NotFoundError: rejection,
  RateLimitedError: { ...rejection, retryAfterSeconds: anyone },
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
  RequestPasswordResetSuccess: fields(anyone, 'ok'),
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
