/** The embedded PostgreSQL could not be had. The message says why and what to do, in one line. */
export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError';
}

/** The end of every message about a place where it cannot run. */
export const useOwnServer = 'or set DATABASE_URL to a PostgreSQL 17 or newer of your own';
