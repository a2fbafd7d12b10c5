import type { CursorCodec } from '../lib/cursor.ts';
import type { Sealer } from '../lib/sealer.ts';
import type { LiveSession, SessionAsk } from './live-session.ts';
import type { MailLinkKind } from './mail.ts';
import type { PasswordHasher } from './password-hasher.ts';
import type { Permission } from './permissions.ts';
import type { Streams } from './streams.ts';

/** How long sessions live, in seconds, and how many a user may have. */
export type SessionLimits = {
  idleTimeoutSeconds: number;
  absoluteTimeoutSeconds: number;
  adminIdleTimeoutSeconds: number;
  adminAbsoluteTimeoutSeconds: number;
  perUserMax: number;
};

/** How many failed sign-ins are borne; see reserve_sign_in() in the migrations. */
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

/** What enqueueing mails takes. */
export type MailRuntime = {
  sealer: Sealer;
  /** The pages that links in mails lead to, without a fragment. */
  links: Readonly<Record<MailLinkKind, string>>;
  /** Has the outbox looked at soon; it is looked at anyway. */
  wake: () => void;
};

/** A question to the check of rights that outlive an answer. */
export type GrantAsk = { userId: string; tenantId: string; permission: Permission };

/** Wakes who waits for news; each answers how to stop. */
export type Feed = {
  /** Of an audit trail: called when there may be more of it. */
  watchTrail: (chainId: string, wake: () => void) => () => void;
  /** Of a person: called with what was done to it since, each once. */
  watchPerson: (userId: string, tell: (news: readonly PersonNews[]) => void) => () => void;
};

/** Something that was done to a person, as the trail tells it. */
export type PersonNews = {
  id: string;
  tenantId: string | null;
  at: Date;
  action: string;
  targetType: string | null;
  targetId: string | null;
  changes: unknown;
};

/** What lives as long as the process and holds no caller's data. */
export type Runtime = {
  sessionLimits: SessionLimits;
  signInLimits: SignInLimits;
  /** How many days a deleted tenant can be restored; then it is erased. */
  tenantDeletionGraceDays: number;
  passwords: PasswordHasher;
  cursors: CursorCodec;
  mail: MailRuntime;
  /**
   * For one proof only: every check of the services passes, so that what is still refused is refused
   * by row security alone. No setting switches it on.
   */
  trustsDatabaseAlone: boolean;
  /** The session check, merged over all requests in flight. */
  findLiveSession: (ask: SessionAsk) => Promise<LiveSession | null>;
  /** Whether a user has a permission now, merged over all who ask; null where it does not belong. */
  findGrant: (ask: GrantAsk) => Promise<boolean | null>;
  streams: Streams;
  feed: Feed;
};
