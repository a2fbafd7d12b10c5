/** What the database layer says aloud. A pino logger fits, and so does anything with these two. */
export type DatabaseLog = {
  info: (fields: Readonly<Record<string, unknown>>, message: string) => void;
  warn: (fields: Readonly<Record<string, unknown>>, message: string) => void;
};

/** Says nothing: for tests and for commands whose only output is their answer. */
export const silentLog: DatabaseLog = { info: () => undefined, warn: () => undefined };

/** A wait for a lock is logged after this long, in ms: a start that waits for another session looks like one that hangs. */
export const announceWaitAfterMs = 2_000;
