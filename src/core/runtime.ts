import type { CursorCodec } from '../lib/cursor.ts';
import type { RateBudgets } from '../lib/rate-budgets.ts';
import type { ResponseSlot } from '../lib/response-slot.ts';
import type { Sealer } from '../lib/sealer.ts';
import type { TokenHash } from '../lib/token.ts';
import type { LiveApiKey } from './access/live-api-key.ts';
import type { LiveSession, SessionQuery } from './access/live-session.ts';
import type { Permission } from './access/permissions.ts';
import type { Membership, Tenant, TenantRef } from './entities.ts';
import type { PasswordHasher } from './passwords/hasher.ts';
import type { Streams } from './streams/streams.ts';

/** Lifetimes of sessions, in seconds, and the maximum per user. */
export type SessionLimits = {
  idleTimeoutSeconds: number;
  absoluteTimeoutSeconds: number;
  adminIdleTimeoutSeconds: number;
  adminAbsoluteTimeoutSeconds: number;
  perUserMax: number;
  /** The maximum duration of an impersonation. */
  impersonationMaxSeconds: number;
  /** The maximum age of a sign-in for destructive actions. */
  reauthenticationSeconds: number;
};

/** Rules for new passwords; the rest is in lib/password-rules.ts. */
export type PasswordPolicy = {
  /** Fewest code points after NFKC. */
  lengthMin: number;
};

/** Limits of failed sign-ins; see begin_sign_in() in the migrations. */
export type SignInLimits = {
  /** Failures of one account before delays begin, within the window. */
  freeFailures: number;
  /** Consecutive failures after which an account is locked until its password is reset. */
  consecutiveMax: number;
  /** Failures from one source (IPv4 address, IPv6 /64) within the window. */
  sourceFailuresMax: number;
  /** Sign-ups from one source within the window. */
  signUpsMax: number;
  windowSeconds: number;
};

/** Lifetime of invitations, and the limit of their mails; see reserve_invitations(). */
export type InvitationLimits = {
  ttlSeconds: number;
  /** Mails per tenant and day. */
  perTenantDayMax: number;
};

/** The parts needed to enqueue mails. */
export type MailRuntime = {
  sealer: Sealer;
  /** Mails are shown at /dev/inbox instead of being sent. */
  isForInbox: boolean;
  /** Triggers the delivery of mails; it also runs regularly. */
  wake: () => void;
};

/** The parts needed for API keys. */
export type ApiKeyRuntime = {
  /** The prefix of this server's keys; all others are invalid. */
  prefix: string;
  /** Checks a key by its hash, batched over all requests. */
  find: (tokenHash: TokenHash) => Promise<LiveApiKey | null>;
  /** The request budgets of keys, by hash. */
  budgets: RateBudgets;
};

/** A permission check for a running stream. */
export type GrantQuery = { userId: string; tenantId: string; permission: Permission };

/** A page of a user's memberships, of those that the actor can see. */
export type MembershipsQuery = {
  /** Null sees nothing. */
  actorId: string | null;
  userId: string;
  onlyTenant: string | null;
  afterId: string | null;
  pageSize: number;
};

/** A membership with its tenant, as `viewer` and `user` list them. */
export type MembershipOfUser = { membership: Membership; tenant: Tenant };

/** The permissions of a member in a tenant. */
export type MemberAccessQuery = { actorId: string; tenant: TenantRef };

/** A tenant, and the permissions that a member's roles grant in it. */
export type MemberAccess = Tenant & { membershipId: string; permissions: Permission[] };

/** Notifies subscribers; each method returns a function that unsubscribes. */
export type Feed = {
  /** Calls `wake` when an audit log may have new entries. */
  watchAuditLog: (chainId: string, wake: () => void) => () => void;
  /** Calls `notify` with each new event about a user, once. */
  watchUser: (userId: string, notify: (events: readonly UserEvent[]) => void) => () => void;
};

/** An action on a user, from the audit log. */
export type UserEvent = {
  id: string;
  tenantId: string | null;
  at: Date;
  action: string;
  targetType: string | null;
  targetId: string | null;
  changes: unknown;
};

/** Shared by all requests of a process; holds no caller's data. */
export type Runtime = {
  sessionLimits: SessionLimits;
  signInLimits: SignInLimits;
  passwordPolicy: PasswordPolicy;
  invitationLimits: InvitationLimits;
  /** Days during which a deleted tenant can be restored before it is erased. */
  tenantDeletionGraceDays: number;
  passwords: PasswordHasher;
  cursors: CursorCodec;
  /** Storage of idempotent results, by name; see transactOnce(). */
  responseSlots: (name: string) => ResponseSlot;
  mail: MailRuntime;
  /** Triggers the processing of password reset requests; it also runs regularly. */
  wakeResets: () => void;
  apiKeys: ApiKeyRuntime;
  /**
   * For tests only: every check of the services passes, so that row security alone rejects. No setting enables it.
   */
  trustsDatabaseAlone: boolean;
  /** Counts an error that is part of a result. */
  countError: (code: string) => void;
  /** Counts a failed sign-in; written in the background. */
  countFailedSignIn: () => void;
  /** Checks a session, batched over all requests. */
  findLiveSession: (query: SessionQuery) => Promise<LiveSession | null>;
  /** Whether a user has a permission now, batched over all streams; null for a non-member. */
  findGrant: (query: GrantQuery) => Promise<boolean | null>;
  /** Permissions of a member, batched over all requests; null for no member. */
  findMemberAccess: (query: MemberAccessQuery) => Promise<MemberAccess | null>;
  /** Lists memberships of users, batched over all requests. */
  listMembershipsOfUser: (query: MembershipsQuery) => Promise<readonly MembershipOfUser[]>;
  streams: Streams;
  feed: Feed;
};
