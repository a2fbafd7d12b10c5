/** The logger of lib, db and postgres; pino's satisfies it. */
export type Log = {
  info: (fields: Readonly<Record<string, unknown>>, message: string) => void;
  warn: (fields: Readonly<Record<string, unknown>>, message: string) => void;
};

/** Discards everything: for tests, and for commands that print only their result. */
export const silentLog: Log = { info: () => undefined, warn: () => undefined };

/** A wait for a lock is logged after this time in ms, because a waiting start looks like a hung one. */
export const announceWaitAfterMs = 2_000;
