/** What the database layer says aloud. A pino logger fits, and so does anything with these two. */
export type DatabaseLog = {
  info: (fields: Readonly<Record<string, unknown>>, message: string) => void;
  warn: (fields: Readonly<Record<string, unknown>>, message: string) => void;
};

/** Says nothing: for tests and for commands whose only output is their answer. */
export const silentLog: DatabaseLog = { info: () => undefined, warn: () => undefined };
