/** The embedded PostgreSQL cannot be used. The message says why and what to do, in one line. */
export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError';
}

/** The end of every message about a platform or directory where it cannot run. */
export const useOwnServer = 'or set DATABASE_URL to a PostgreSQL 17 or newer of your own';
