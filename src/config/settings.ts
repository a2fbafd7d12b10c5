import { mailSettings } from './mail.ts';
import { choice, databaseUrl, integer, origins, secret, text, toggle } from './setting.ts';
import { traceSettings } from './traces.ts';

/** The secret shown in .env.example, public by nature and therefore refused everywhere. */
export const sampleSecret = 'replace-this-sample-with-32-random-characters';

/**
 * Every setting of the server, in the order of .env.example. The table is the one source of
 * names, defaults, bounds and descriptions: the parser and .env.example are made from it.
 * A fallback of `undefined` means optional, or computed from others as `fallbackNote` says.
 */
export const settings = {
  general: {
    NODE_ENV: choice(['development', 'production', 'test'], {
      fallback: 'development',
      about: 'What this process is for; production turns every convenience off',
    }),
    TENANTRY_SECRET: secret(32, sampleSecret, {
      fallback: undefined,
      fallbackNote: 'kept in the data folder; required in production',
      about: 'Key for everything the server signs or derives',
    }),
    DEMO: toggle({
      fallback: undefined,
      fallbackNote: 'on outside production for the embedded PostgreSQL, if HOST is loopback',
      about: 'Fill an empty database with demo tenants and print their sign-in data; never public',
    }),
  },
  server: {
    HOST: text(/^[\w.:-]+$/, 'a host name or address', {
      fallback: '127.0.0.1',
      about: 'Address to listen on; 0.0.0.0 or :: for every interface',
    }),
    PORT: integer(0, 65_535, { fallback: '4000', about: 'Port to listen on; 0 takes a free one' }),
    WEB_CONCURRENCY: integer(1, 64, {
      fallback: '1',
      about:
        'Processes that serve, best one per core; what has a size for the server is shared out among them',
    }),
    METRICS_PORT: integer(0, 65_535, {
      fallback: undefined,
      fallbackNote: 'none, and nothing is counted',
      about: 'Port that answers /metrics for Prometheus; 0 takes a free one',
    }),
    METRICS_HOST: text(/^[\w.:-]+$/, 'a host name or address', {
      fallback: '127.0.0.1',
      about: 'Address of METRICS_PORT; never one that callers of the API can reach',
    }),
    BODY_MAX_BYTES: integer(1024, 10_485_760, {
      fallback: '102400',
      about: 'Largest request body in bytes; a longer one is answered 413',
    }),
    REQUEST_TIMEOUT_MS: integer(100, 300_000, {
      fallback: '5000',
      about: 'Deadline in ms for one operation, from when it has its turn',
    }),
    IN_FLIGHT_MAX: integer(1, 10_000, {
      fallback: '24',
      about:
        'Most operations the server works on at once; streams and password hashing not counted',
    }),
    IN_FLIGHT_QUEUE_MAX: integer(0, 100_000, {
      fallback: '1024',
      about: 'Most operations that wait for a turn, 2 s at most; beyond it all are answered 503',
    }),
    SHUTDOWN_DELAY_MS: integer(0, 300_000, {
      fallback: undefined,
      fallbackNote: '5000 in production, else 0',
      about:
        'How long in ms the server goes on serving after a stop signal, with /readyz at 503, before its port closes',
    }),
    SHUTDOWN_GRACE_MS: integer(0, 300_000, {
      fallback: '10000',
      about: 'How long in ms requests in flight may take to finish once the port is closed',
    }),
    CORS_ORIGINS: origins({
      fallback: '',
      about:
        'Browser origins that may call the API, separated by commas; the first label may be *; empty allows none',
    }),
    SESSION_COOKIES: toggle({
      fallback: 'on',
      about: 'Keep the sessions of browsers that ask for it in a cookie',
    }),
    TRUSTED_PROXY_HOPS: integer(0, 10, {
      fallback: '0',
      about: 'How many proxies in front are ours: x-forwarded-for is believed that far',
    }),
    CLIENT_PLACE_HEADER: text(/^[a-z][a-z0-9-]{0,63}$/, 'the name of a header in lower case', {
      fallback: undefined,
      fallbackNote: 'none',
      about: 'Header in which our proxy says where callers are, such as cf-ipcountry',
    }),
    SERVER_TIMING: toggle({
      fallback: undefined,
      fallbackNote: 'on outside production',
      about: 'Say in the header server-timing how long the password hash of a good sign-in took',
    }),
    GET_GUARD: toggle({
      fallback: undefined,
      fallbackNote: 'on in production',
      about:
        'Answer GET queries only with a header graphql-require-preflight, as no foreign page sends',
    }),
    GRAPHIQL: toggle({
      fallback: undefined,
      fallbackNote: 'on outside production',
      about: 'Serve the GraphiQL explorer',
    }),
    INTROSPECTION: toggle({
      fallback: undefined,
      fallbackNote: 'on outside production',
      about: 'Answer introspection queries',
    }),
  },
  database: {
    DATABASE_URL: databaseUrl({
      fallback: undefined,
      fallbackNote: 'the embedded PostgreSQL',
      about:
        "Owner's URL of a PostgreSQL 17 or newer: migrates, and the serving login derives from it",
    }),
    DATABASE_APP_URL: databaseUrl({
      fallback: undefined,
      fallbackNote: 'derived from DATABASE_URL',
      about: 'URL of the serving login, which must own nothing; needs DATABASE_URL',
    }),
    DATABASE_DIRECT_URL: databaseUrl({
      fallback: undefined,
      fallbackNote: 'DATABASE_URL',
      about:
        "Owner's URL that reaches PostgreSQL itself, where DATABASE_URL leads through a pooler in transaction mode",
    }),
    TENANTRY_DATA_DIR: text(/^[^\0]+$/, 'a path', {
      fallback: '.data',
      about: 'Folder of the embedded PostgreSQL and of what the server keeps between starts',
    }),
    EMBEDDED_POSTGRES_PORT: integer(1, 65_535, {
      fallback: undefined,
      fallbackNote: 'a free one',
      about: 'Port of the embedded PostgreSQL',
    }),
    DATABASE_POOL_SIZE: integer(1, 200, {
      fallback: '10',
      about:
        'Most connections the server opens, at least two for each of WEB_CONCURRENCY; changes leave a quarter, rounded down, to what reads',
    }),
    DATABASE_ACQUIRE_TIMEOUT_MS: integer(10, 60_000, {
      fallback: '1000',
      about: 'Longest wait in ms for a free connection, and of a change for its turn',
    }),
    DATABASE_STATEMENT_TIMEOUT_MS: integer(10, 600_000, {
      fallback: '3000',
      about:
        'After this many ms the database cancels a statement; kept with the serving login, so the last start decides for all servers of a database',
    }),
    DATABASE_QUERY_TIMEOUT_MS: integer(10, 600_000, {
      fallback: '4000',
      about: 'After this many ms the server stops waiting; at least the statement timeout',
    }),
    DATABASE_CONNECTION_MAX_AGE_SECONDS: integer(1, 86_400, {
      fallback: '3600',
      about: 'Age in seconds at which a connection is replaced',
    }),
  },
  sessions: {
    SESSION_IDLE_TIMEOUT_SECONDS: integer(1, 31_536_000, {
      fallback: '86400',
      about: 'A session unused for this many seconds ends',
    }),
    SESSION_ABSOLUTE_TIMEOUT_SECONDS: integer(1, 31_536_000, {
      fallback: '2592000',
      about: 'A session ends this many seconds after sign-in, used or not',
    }),
    ADMIN_SESSION_IDLE_TIMEOUT_SECONDS: integer(1, 31_536_000, {
      fallback: '1800',
      about: 'The same idle timeout in seconds for platform admins',
    }),
    ADMIN_SESSION_ABSOLUTE_TIMEOUT_SECONDS: integer(1, 31_536_000, {
      fallback: '43200',
      about: 'The same absolute timeout in seconds for platform admins',
    }),
    SESSIONS_PER_USER_MAX: integer(1, 10_000, {
      fallback: '50',
      about: 'Most live sessions of one user',
    }),
    REAUTHENTICATION_SECONDS: integer(10, 86_400, {
      fallback: '900',
      about: 'What is dangerous asks for the password again this many seconds after sign-in',
    }),
    CREDENTIAL_CACHE_MS: integer(0, 5_000, {
      fallback: '1000',
      about:
        'How long in ms a good session or API key is believed without asking again; 0 asks each time',
    }),
    IMPERSONATION_MAX_SECONDS: integer(1, 3_600, {
      fallback: '3600',
      about: 'The longest in seconds that a platform admin acts in the name of a user',
    }),
  },
  passwords: {
    PASSWORD_LENGTH_MIN: integer(8, 64, {
      fallback: '15',
      about:
        'Fewest characters of a new password; under 15 only where a second factor is needed too',
    }),
    // 19 MiB with two passes is OWASP's minimum for argon2id (Password Storage Cheat Sheet).
    PASSWORD_HASH_MEMORY_KIB: integer(19_456, 1_048_576, {
      fallback: '19456',
      about: 'Memory of one argon2id hash in KiB',
    }),
    PASSWORD_HASH_ITERATIONS: integer(2, 20, {
      fallback: '2',
      about: 'Passes of one argon2id hash',
    }),
    PASSWORD_HASH_CONCURRENCY: integer(1, 256, {
      fallback: undefined,
      fallbackNote: 'the available cores',
      about: 'Hashes computed at the same time',
    }),
    PASSWORD_HASH_QUEUE_MAX: integer(0, 100_000, {
      fallback: '64',
      about: 'Hashes that may wait; beyond it a sign-in is asked to come back later',
    }),
  },
  signIn: {
    SIGN_IN_FREE_FAILURES: integer(1, 100, {
      fallback: '5',
      about: 'Failed sign-ins of one account within the window before delays begin',
    }),
    SIGN_IN_CONSECUTIVE_FAILURES_MAX: integer(10, 100, {
      fallback: '100',
      about: 'Consecutive failures that shut an account until its password is reset',
    }),
    SIGN_IN_SOURCE_FAILURES_MAX: integer(1, 1_000_000, {
      fallback: '20',
      about: 'Failed sign-ins from one IPv4 address or IPv6 /64 within the window',
    }),
    SIGN_UP_SOURCE_MAX: integer(1, 1_000_000, {
      fallback: '1000',
      about: 'Sign-ups, and requests for a reset, from one IPv4 address or IPv6 /64 in the window',
    }),
    SIGN_IN_WINDOW_SECONDS: integer(1, 86_400, {
      fallback: '900',
      about: 'The window in which failures are counted, and the longest delay',
    }),
  },
  tenants: {
    TENANT_DELETION_GRACE_DAYS: integer(0, 365, {
      fallback: '30',
      about: 'Days in which a deleted tenant can be restored before it is erased',
    }),
    INVITATION_TTL_SECONDS: integer(60, 31_536_000, {
      fallback: '604800',
      about: 'An invitation is good for this many seconds',
    }),
    INVITATIONS_PER_DAY_MAX: integer(1, 1_000_000, {
      fallback: '1000',
      about: 'Most mails with invitations that one tenant causes in a day',
    }),
  },
  apiKeys: {
    API_KEY_ENVIRONMENT: choice(['live', 'test'], {
      fallback: undefined,
      fallbackNote: 'live in production, else test',
      about: 'Which keys this server makes and takes: tenantry_live_key_… or tenantry_test_key_…',
    }),
    API_KEY_REQUESTS_PER_MINUTE: integer(1, 10_000_000, {
      fallback: '6000',
      about: 'Most requests of one API key a minute, counted by each process for itself',
    }),
  },
  maintenance: {
    HOUSEKEEPING_INTERVAL_SECONDS: integer(0, 86_400, {
      fallback: '60',
      about: 'How often in seconds what has expired is deleted; 0 leaves it to other processes',
    }),
  },
  streams: {
    STREAMS_PER_CALLER_MAX: integer(1, 10_000, {
      fallback: '10',
      about: 'Most streams of events that one user or API key has open in a process',
    }),
    STREAMS_MAX: integer(0, 100_000, {
      fallback: '1000',
      about: 'Most streams of events that the server has open',
    }),
  },
  mail: mailSettings,
  log: {
    LOG_LEVEL: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      fallback: 'info',
      about: 'The least severe level that is written',
    }),
    LOG_FORMAT: choice(['pretty', 'json'], {
      fallback: undefined,
      fallbackNote: 'json in production, else pretty',
      about: 'Lines for people or for machines',
    }),
  },
  traces: traceSettings,
};
