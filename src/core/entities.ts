/** The entities as the services use them; ids are bare UUIDs, times UTC. */

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

/** A tenant by id or by slug. */
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

/** Always has its roles, because every decision about a membership needs them. */
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

/** As stored; a pending invitation past its expiry is reported as expired. */
export const invitationStatuses = ['pending', 'accepted', 'declined', 'revoked'] as const;
export type InvitationStatus = (typeof invitationStatuses)[number] | 'expired';

/** Always has its roles, like a membership. */
export type Invitation = {
  id: string;
  tenantId: string;
  email: string;
  status: InvitationStatus;
  /** The inviter, whose permissions limit it; null for an operator. */
  invitedBy: string | null;
  createdAt: Date;
  expiresAt: Date;
  roles: readonly Role[];
};

export type Session = {
  id: string;
  userId: string;
  /** The tenant that the session is bound to, or null. */
  tenantId: string | null;
  ip: string | null;
  userAgent: string | null;
  /** Where it was opened, as reported by a trusted proxy; null without one. */
  place: string | null;
  /** The platform administrator who impersonates the user, or null. */
  impersonatorId: string | null;
  /** Seconds since the user last authenticated, by the database's clock at the time of the read. */
  authenticatedSecondsAgo: number;
  createdAt: Date;
  lastSeenAt: Date;
  idleExpiresAt: Date;
  expiresAt: Date;
};

export type ApiKey = {
  id: string;
  tenantId: string;
  /** Null once the creator is erased; the key is then invalid. */
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
