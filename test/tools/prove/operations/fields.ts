// All fields of each type.

/** The fields by which the player detects an error. */
export const error = '... on Error { code message path }';

export const user = `id email name avatarUrl locale emailVerified status metadata createdAt
  lastSignInAt viewerPermissions`;
export const role = 'id key name description permissions isBuiltIn memberCount';
export const tenant = `id slug name status metadata createdAt deletionAt memberCount viewerPermissions`;
export const tenantDetails = `settings { defaultRoleKey allowedEmailDomains
    sessionIdleTimeoutSeconds sessionAbsoluteTimeoutSeconds }
  limits { members apiKeys customRoles }
  usage { members apiKeys customRoles sessions pendingInvitations }
  owners { id email } viewerMembership { id }`;
export const membership = `id isActive joinedAt lastSignInAt metadata permissions viewerPermissions
  roles { id key } tenant { id slug }`;
export const member = `${membership} user { id email name }`;
export const session = `id createdAt lastSeenAt expiresAt idleExpiresAt device ip place userAgent
  isCurrent impersonatorId impersonator { id } tenant { id } user { id }`;
export const apiKey = `id name hint permissions effectivePermissions createdAt expiresAt lastUsedAt
  revokedAt createdBy { id } tenant { id }`;
export const invitation = `id email status createdAt expiresAt invitedBy { id } roles { id key }
  tenant { id }`;
export const auditEvent = `id action actorId impersonatorId at changes hash ip requestId sequence
  redactedAt actor { id } impersonator { id } target { id }`;
const pageInfo = 'pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';

/** A page with everything but the total count, which has its own statement. */
export const page = (node: string) => `{ edges { cursor node { ${node} } } ${pageInfo} }`;

/** A GraphQL string literal. */
export const text = (value: string) => JSON.stringify(value);
