import { databaseSettings } from './database.ts';
import { mailSettings } from './mail.ts';
import { choice, integer, origins, secret, text, toggle } from './setting.ts';
import { traceSettings } from './traces.ts';

/** The sample in .env.example; rejected, because it is public. */
export const sampleSecret = 'replace-this-sample-with-32-random-characters';

/**
 * All settings of the server, in the order of .env.example. The parser, .env.example and docs/settings.md are generated
 * from this table. A fallback of `undefined` means optional, or computed as `fallbackNote` says.
 */
export const settings = {
  general: {
    NODE_ENV: choice(['development', 'production', 'test'], {
      fallback: 'development',
      about: 'Environment; production turns off everything meant for development',
    }),
    TENANTRY_SECRET: secret(32, sampleSecret, {
      fallback: undefined,
      fallbackNote: 'kept in the data folder; required in production',
      about: 'Key from which the server derives all its signing and encryption keys',
    }),
    DEMO: toggle({
      fallback: undefined,
      fallbackNote: 'on outside production for the embedded PostgreSQL, if HOST is loopback',
      about: 'Fill an empty database with demo tenants and print their passwords; never in public',
    }),
  },
  server: {
    HOST: text(/^[\w.:-]+$/, 'a host name or address', {
      fallback: '127.0.0.1',
      about: 'Address to listen on; 0.0.0.0 or :: for every interface',
    }),
    PORT: integer(0, 65_535, { fallback: '4000', about: 'Port to listen on; 0 picks a free one' }),
    WEB_CONCURRENCY: integer(1, 64, {
      fallback: '1',
      about:
        'Number of worker processes, best one per core; server-wide limits are divided among them',
    }),
    METRICS_PORT: integer(0, 65_535, {
      fallback: undefined,
      fallbackNote: 'none; no metrics are collected',
      about: 'Port of /metrics for Prometheus; 0 picks a free one',
    }),
    METRICS_HOST: text(/^[\w.:-]+$/, 'a host name or address', {
      fallback: '127.0.0.1',
      about: 'Address for METRICS_PORT; never one that API clients can reach',
    }),
    BODY_MAX_BYTES: integer(1024, 10_485_760, {
      fallback: '102400',
      about: 'Maximum request body in bytes; a larger one gets 413',
    }),
    REQUEST_TIMEOUT_MS: integer(100, 300_000, {
      fallback: '5000',
      about: 'Deadline in ms for one operation, once it is running',
    }),
    IN_FLIGHT_MAX: integer(1, 10_000, {
      fallback: '24',
      about: 'Maximum number of operations in progress, without streams and password hashing',
    }),
    IN_FLIGHT_QUEUE_MAX: integer(0, 100_000, {
      fallback: '1024',
      about:
        'Maximum number of queued operations, each for 2 s at most; beyond it requests get 503',
    }),
    SHUTDOWN_DELAY_MS: integer(0, 300_000, {
      fallback: undefined,
      fallbackNote: '5000 in production, else 0',
      about:
        'Time in ms between a stop signal and closing the port; meanwhile requests are served and /readyz returns 503',
    }),
    SHUTDOWN_GRACE_MS: integer(0, 300_000, {
      fallback: '10000',
      about: 'Time in ms for requests in flight to finish after the port is closed',
    }),
    CORS_ORIGINS: origins({
      fallback: '',
      about:
        'Browser origins allowed to call the API, separated by commas; the first label of a host may be *; empty allows none',
    }),
    SESSION_COOKIES: toggle({
      fallback: 'on',
      about: 'Let browsers keep their session in a cookie',
    }),
    TRUSTED_PROXY_HOPS: integer(0, 10, {
      fallback: '0',
      about: 'Number of trusted proxies in front, for x-forwarded-for',
    }),
    CLIENT_PLACE_HEADER: text(/^[a-z][a-z0-9-]{0,63}$/, 'the name of a header in lower case', {
      fallback: undefined,
      fallbackNote: 'none',
      about: "Header in which a trusted proxy reports the caller's location, such as cf-ipcountry",
    }),
    SERVER_TIMING: toggle({
      fallback: undefined,
      fallbackNote: 'on outside production',
      about:
        'Report the duration of password hashing in the server-timing header of a successful sign-in',
    }),
    GET_GUARD: toggle({
      fallback: undefined,
      fallbackNote: 'on in production',
      about:
        'Accept GET queries only from known origins or with a header that other sites cannot send, such as graphql-require-preflight',
    }),
    GRAPHIQL: toggle({
      fallback: undefined,
      fallbackNote: 'on outside production',
      about: 'Serve the GraphiQL explorer',
    }),
    INTROSPECTION: toggle({
      fallback: undefined,
      fallbackNote: 'on outside production',
      about: 'Allow introspection queries',
    }),
  },
  database: databaseSettings,
  sessions: {
    SESSION_IDLE_TIMEOUT_SECONDS: integer(1, 31_536_000, {
      fallback: '86400',
      about: 'Idle timeout of a session in seconds',
    }),
    SESSION_ABSOLUTE_TIMEOUT_SECONDS: integer(1, 31_536_000, {
      fallback: '2592000',
      about: 'Absolute timeout of a session in seconds, from sign-in',
    }),
    ADMIN_SESSION_IDLE_TIMEOUT_SECONDS: integer(1, 31_536_000, {
      fallback: '1800',
      about: 'Idle timeout in seconds for platform admins',
    }),
    ADMIN_SESSION_ABSOLUTE_TIMEOUT_SECONDS: integer(1, 31_536_000, {
      fallback: '43200',
      about: 'Absolute timeout in seconds for platform admins',
    }),
    SESSIONS_PER_USER_MAX: integer(1, 10_000, {
      fallback: '50',
      about: 'Maximum number of live sessions per user',
    }),
    REAUTHENTICATION_SECONDS: integer(10, 86_400, {
      fallback: '900',
      about:
        'Time in seconds after sign-in from which dangerous operations require the password again',
    }),
    CREDENTIAL_CACHE_MS: integer(0, 5_000, {
      fallback: '1000',
      about: 'Time in ms that a checked session or API key is cached; 0 disables the cache',
    }),
    IMPERSONATION_MAX_SECONDS: integer(1, 3_600, {
      fallback: '3600',
      about: 'Maximum duration of an impersonation in seconds',
    }),
  },
  passwords: {
    PASSWORD_LENGTH_MIN: integer(8, 64, {
      fallback: '15',
      about:
        'Minimum length of a new password; below 15 only where a second factor is required too',
    }),
    // 19 MiB with two passes is OWASP's minimum for argon2id (Password Storage Cheat Sheet).
    PASSWORD_HASH_MEMORY_KIB: integer(19_456, 1_048_576, {
      fallback: '19456',
      about: 'Memory of one argon2id hash in KiB',
    }),
    PASSWORD_HASH_ITERATIONS: integer(2, 20, {
      fallback: '2',
      about: 'Iterations of one argon2id hash',
    }),
    PASSWORD_HASH_CONCURRENCY: integer(1, 256, {
      fallback: undefined,
      fallbackNote: 'the available cores',
      about: 'Number of hashes computed at the same time',
    }),
    PASSWORD_HASH_QUEUE_MAX: integer(0, 100_000, {
      fallback: '64',
      about: 'Maximum number of queued hashes; beyond it sign-ins get a retry time',
    }),
  },
  signIn: {
    SIGN_IN_FREE_FAILURES: integer(1, 100, {
      fallback: '5',
      about: 'Failed sign-ins of one account within the window before delays begin',
    }),
    SIGN_IN_CONSECUTIVE_FAILURES_MAX: integer(10, 100, {
      fallback: '100',
      about: 'Consecutive failures that lock an account until its password is reset',
    }),
    SIGN_IN_SOURCE_FAILURES_MAX: integer(1, 1_000_000, {
      fallback: '20',
      about:
        'Maximum number of failed sign-ins from one IPv4 address or IPv6 /64 within the window',
    }),
    SIGN_UP_SOURCE_MAX: integer(1, 1_000_000, {
      fallback: '1000',
      about:
        'Maximum number of sign-ups, and of reset requests, from one IPv4 address or IPv6 /64 within the window',
    }),
    SIGN_IN_WINDOW_SECONDS: integer(1, 86_400, {
      fallback: '900',
      about: 'Window in seconds in which failures are counted, and the maximum delay',
    }),
  },
  tenants: {
    TENANT_DELETION_GRACE_DAYS: integer(0, 365, {
      fallback: '30',
      about: 'Days during which a deleted tenant can be restored before it is erased',
    }),
    INVITATION_TTL_SECONDS: integer(60, 31_536_000, {
      fallback: '604800',
      about: 'Lifetime of an invitation in seconds',
    }),
    INVITATIONS_PER_DAY_MAX: integer(1, 1_000_000, {
      fallback: '1000',
      about: 'Maximum number of invitation mails per tenant and day',
    }),
  },
  apiKeys: {
    API_KEY_ENVIRONMENT: choice(['live', 'test'], {
      fallback: undefined,
      fallbackNote: 'live in production, else test',
      about:
        'Kind of API keys this server issues and accepts: tenantry_live_key_… or tenantry_test_key_…',
    }),
    API_KEY_REQUESTS_PER_MINUTE: integer(1, 10_000_000, {
      fallback: '6000',
      about: 'Maximum number of requests per API key and minute, counted per process',
    }),
  },
  maintenance: {
    HOUSEKEEPING_INTERVAL_SECONDS: integer(0, 86_400, {
      fallback: '60',
      about: 'Interval in seconds for deleting expired data; 0 leaves it to other processes',
    }),
  },
  streams: {
    STREAMS_PER_CALLER_MAX: integer(1, 10_000, {
      fallback: '10',
      about: 'Maximum number of open subscriptions per user or API key in one process',
    }),
    STREAMS_MAX: integer(0, 100_000, {
      fallback: '1000',
      about: 'Maximum number of open subscriptions of the server',
    }),
  },
  mail: mailSettings,
  log: {
    LOG_LEVEL: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      fallback: 'info',
      about: 'Minimum level of log lines',
    }),
    LOG_FORMAT: choice(['pretty', 'json'], {
      fallback: undefined,
      fallbackNote: 'json in production, else pretty',
      about: 'Log lines for people or for machines',
    }),
  },
  traces: traceSettings,
};
