import type { CursorCodec } from '../lib/cursor.ts';
import type { RateBudgets } from '../lib/rate-budgets.ts';
import type { ResponseSlot } from '../lib/response-slot.ts';
import type { Sealer } from '../lib/sealer.ts';
import type { PasswordHasher } from './passwords/hasher.ts';
import type { SharedParts } from './shared-parts.ts';
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

/** The settings and request budgets of API keys. */
export type ApiKeyRuntime = {
  /** The prefix of this server's keys; all others are invalid. */
  prefix: string;
  /** By the hash of the key. */
  budgets: RateBudgets;
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
  streams: Streams;
  /** Parts that domains declare with createShared(). */
  shared: SharedParts;
};
