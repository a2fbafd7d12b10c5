/** The database cannot be reached. The message is one line that says what to do. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** The setting that a connection's url comes from. */
export type UrlSetting = 'DATABASE_URL' | 'DATABASE_APP_URL' | 'DATABASE_DIRECT_URL';
