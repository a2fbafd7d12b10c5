/** The nouns of the product as the services pass them around; ids are bare UUIDs, times UTC. */

export const userStatuses = ['active', 'suspended'] as const;
export type UserStatus = (typeof userStatuses)[number];
export const tenantStatuses = ['active', 'suspended', 'pending_deletion'] as const;
export type TenantStatus = (typeof tenantStatuses)[number];
export type JsonObject = { [key: string]: unknown };

export type User = {
  id: string;
  email: string;
  emailVerifiedAt: Date | null;
  name: string | null;
  avatarUrl: string | null;
  locale: string | null;
  status: UserStatus;
  isPlatformAdmin: boolean;
  metadata: JsonObject;
  lastSignInAt: Date | null;
  createdAt: Date;
};

/** A tenant, asked for by one of both. */
export type TenantRef = { id: string } | { slug: string };

export type Tenant = {
  id: string;
  slug: string;
  name: string;
  status: TenantStatus;
  metadata: JsonObject;
  memberCount: number;
  createdAt: Date;
  deletionAt: Date | null;
};

export type Role = {
  id: string;
  tenantId: string;
  key: string;
  name: string;
  description: string | null;
  isBuiltIn: boolean;
  permissions: readonly string[];
};

/** A membership always travels with its roles: nothing can be decided about it without them. */
export type Membership = {
  id: string;
  tenantId: string;
  userId: string;
  isActive: boolean;
  metadata: JsonObject;
  lastSignInAt: Date | null;
  joinedAt: Date;
  roles: readonly Role[];
};

/** One that is still pending after its time has expired. */
/** As stored. */
export const invitationStatuses = ['pending', 'accepted', 'declined', 'revoked'] as const;
export type InvitationStatus = (typeof invitationStatuses)[number] | 'expired';

/** Like a membership, an invitation always travels with its roles. */
export type Invitation = {
  id: string;
  tenantId: string;
  email: string;
  status: InvitationStatus;
  /** Whose rights bound it; null for an operator. */
  invitedBy: string | null;
  createdAt: Date;
  expiresAt: Date;
  roles: readonly Role[];
};

export type Session = {
  id: string;
  userId: string;
  /** The one tenant the session is bound to, or null. */
  tenantId: string | null;
  ip: string | null;
  userAgent: string | null;
  /** Where it was opened from, in the words of the proxy in front; null where none says. */
  place: string | null;
  /** The platform administrator who acts as the user in it, or null. */
  impersonatorId: string | null;
  /** How long ago its user proved who they are, by the database's clock when this was read. */
  authenticatedSecondsAgo: number;
  createdAt: Date;
  lastSeenAt: Date;
  idleExpiresAt: Date;
  expiresAt: Date;
};

export type ApiKey = {
  id: string;
  tenantId: string;
  /** Null once that person is erased; the key is dead then. */
  createdBy: string | null;
  name: string;
  /** Prefix and last four characters. */
  hint: string;
  permissions: readonly string[];
  createdAt: Date;
  expiresAt: Date;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
};
