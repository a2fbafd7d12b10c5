import { databaseUrl, integer, text } from './setting.ts';

/** Where PostgreSQL is, and how the server uses it. */
export const databaseSettings = {
  DATABASE_URL: databaseUrl({
    fallback: undefined,
    fallbackNote: 'the embedded PostgreSQL',
    about:
      'URL of the owner of a PostgreSQL 17 or newer, for migrations; the serving login is derived from it',
  }),
  DATABASE_APP_URL: databaseUrl({
    fallback: undefined,
    fallbackNote: 'derived from DATABASE_URL',
    about: 'URL of the serving login, which must not own anything; requires DATABASE_URL',
  }),
  DATABASE_DIRECT_URL: databaseUrl({
    fallback: undefined,
    fallbackNote: 'DATABASE_URL',
    about:
      'URL of the owner that bypasses the pooler, if DATABASE_URL goes through one in transaction mode',
  }),
  TENANTRY_DATA_DIR: text(/^[^\0]+$/, 'a path', {
    fallback: '.data',
    about: 'Folder for the embedded PostgreSQL and files kept between starts',
  }),
  EMBEDDED_POSTGRES_PORT: integer(1, 65_535, {
    fallback: undefined,
    fallbackNote: 'a free one',
    about: 'Port of the embedded PostgreSQL',
  }),
  DATABASE_POOL_SIZE: integer(1, 200, {
    fallback: '10',
    about:
      'Maximum number of connections, at least two per worker; writes leave a quarter of them, rounded down, to reads',
  }),
  DATABASE_ACQUIRE_TIMEOUT_MS: integer(10, 60_000, {
    fallback: '1000',
    about: 'Maximum wait in ms for a free connection, and of a write for its turn',
  }),
  DATABASE_STATEMENT_TIMEOUT_MS: integer(10, 600_000, {
    fallback: '3000',
    about:
      'Time in ms after which PostgreSQL cancels a statement; stored with the serving login, so the last start decides for all servers of a database',
  }),
  DATABASE_QUERY_TIMEOUT_MS: integer(10, 600_000, {
    fallback: '4000',
    about: 'Time in ms after which the server stops waiting; at least the statement timeout',
  }),
  DATABASE_CONNECTION_MAX_AGE_SECONDS: integer(1, 86_400, {
    fallback: '3600',
    about: 'Maximum age of a connection in seconds',
  }),
};
