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

/** How long sessions live, in seconds, and how many a user may have. */
export type SessionLimits = {
  idleTimeoutSeconds: number;
  absoluteTimeoutSeconds: number;
  adminIdleTimeoutSeconds: number;
  adminAbsoluteTimeoutSeconds: number;
  perUserMax: number;
  /** The longest that a platform administrator acts in somebody's name. */
  impersonationMaxSeconds: number;
  /** How long ago a person may have signed in that does what is dangerous. */
  reauthenticationSeconds: number;
};

/** Rules for new passwords; the rest is in lib/password-rules.ts. */
export type PasswordPolicy = {
  /** Fewest code points after NFKC. */
  lengthMin: number;
};

/** How many failed sign-ins are borne; see begin_sign_in() in the migrations. */
export type SignInLimits = {
  /** Failures of one account before delays begin, within the window. */
  freeFailures: number;
  /** Consecutive failures after which an account is shut until its password is reset. */
  consecutiveMax: number;
  /** Failures from one source (IPv4 address, IPv6 /64) within the window. */
  sourceFailuresMax: number;
  /** Sign-ups from one source within the window. */
  signUpsMax: number;
  windowSeconds: number;
};

/** How long invitations are good, and how many mails they may cause; see reserve_invitations(). */
export type InvitationLimits = {
  ttlSeconds: number;
  /** Mails of one tenant in a day. */
  perTenantDayMax: number;
};

/** The parts needed to enqueue mails. */
export type MailRuntime = {
  sealer: Sealer;
  /** Mails are shown on a page of development instead of being sent. */
  isForInbox: boolean;
  /** Has the outbox looked at soon; it is looked at anyway. */
  wake: () => void;
};

/** The parts needed for API keys. */
export type ApiKeyRuntime = {
  /** How keys of this server begin; all others are nobody's. */
  prefix: string;
  /** The key check, by the hash of a key, merged over all requests in flight. */
  find: (tokenHash: TokenHash) => Promise<LiveApiKey | null>;
  /** How often each key may ask, by its hash. */
  budgets: RateBudgets;
};

/** A question to the check of rights that outlive an answer. */
export type GrantQuery = { userId: string; tenantId: string; permission: Permission };

/** A question for a page of the memberships of a user, of those that the actor may see. */
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

/** A question for what a member may do in a tenant. */
export type MemberAccessQuery = { actorId: string; tenant: TenantRef };

/** A tenant, and the rights that a member's roles give in it. */
export type MemberAccess = Tenant & { membershipId: string; permissions: Permission[] };

/** Wakes who waits for news; each returns how to stop. */
export type Feed = {
  /** Of an audit log: called when there may be more of it. */
  watchAuditLog: (chainId: string, wake: () => void) => () => void;
  /** Of a person: called with what was done to it since, each once. */
  watchUser: (userId: string, tell: (news: readonly UserEvent[]) => void) => () => void;
};

/** Something that was done to a person, as the audit log tells it. */
export type UserEvent = {
  id: string;
  tenantId: string | null;
  at: Date;
  action: string;
  targetType: string | null;
  targetId: string | null;
  changes: unknown;
};

/** Lives as long as the process and holds no caller's data. */
export type Runtime = {
  sessionLimits: SessionLimits;
  signInLimits: SignInLimits;
  passwordPolicy: PasswordPolicy;
  invitationLimits: InvitationLimits;
  /** How many days a deleted tenant can be restored; then it is erased. */
  tenantDeletionGraceDays: number;
  passwords: PasswordHasher;
  cursors: CursorCodec;
  /** Where answers are remembered, by name; see transactOnce(). */
  responseSlots: (name: string) => ResponseSlot;
  mail: MailRuntime;
  /** Has requests for password resets settled soon; they are settled anyway. */
  wakeResets: () => void;
  apiKeys: ApiKeyRuntime;
  /**
   * For one proof only: every check of the services passes, so that what is still refused is refused
   * by row security alone. No setting switches it on.
   */
  trustsDatabaseAlone: boolean;
  /** Counts an error that is answered as a member of a result. */
  countError: (code: string) => void;
  /** Counts a refused sign-in; written in the background. */
  countFailedSignIn: () => void;
  /** The session check, merged over all requests in flight. */
  findLiveSession: (ask: SessionQuery) => Promise<LiveSession | null>;
  /** Whether a user has a permission now, merged over all who ask; null where it does not belong. */
  findGrant: (ask: GrantQuery) => Promise<boolean | null>;
  /** Permissions of a member, batched over all requests; null for no member. */
  findMemberAccess: (ask: MemberAccessQuery) => Promise<MemberAccess | null>;
  /** Memberships of users, merged over all who ask. */
  listMembershipsOfUser: (ask: MembershipsQuery) => Promise<readonly MembershipOfUser[]>;
  streams: Streams;
  feed: Feed;
};
