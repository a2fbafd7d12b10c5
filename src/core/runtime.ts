import type { CursorCodec } from '../lib/cursor.ts';
import type { LiveSession, SessionAsk } from './live-session.ts';
import type { PasswordHasher } from './password-hasher.ts';

/** How long sessions live, in seconds, and how many a user may have. */
export type SessionLimits = {
  idleTimeoutSeconds: number;
  absoluteTimeoutSeconds: number;
  adminIdleTimeoutSeconds: number;
  adminAbsoluteTimeoutSeconds: number;
  perUserMax: number;
};

/** What lives as long as the process and holds no caller's data. */
export type Runtime = {
  sessionLimits: SessionLimits;
  passwords: PasswordHasher;
  cursors: CursorCodec;
  /** The session check, merged over all requests in flight. */
  findLiveSession: (ask: SessionAsk) => Promise<LiveSession | null>;
};
