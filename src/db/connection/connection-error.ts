/** No connection to the database can be had. The message is one line that says what to do. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** The setting whose url a connection was opened with. */
export type UrlSetting = 'DATABASE_URL' | 'DATABASE_APP_URL' | 'DATABASE_DIRECT_URL';
