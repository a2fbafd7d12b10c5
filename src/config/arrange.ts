import { availableParallelism } from 'node:os';
import type { Value } from './setting.ts';
import { isLoopback } from './setting-names.ts';
import type { settings } from './settings.ts';
import { arrangeTraces } from './traces.ts';

export type Values<G> = { [Name in keyof G]: Value<G[Name]> };
/** The parsed value of each setting, by name. */
export type AllValues = { [Name in keyof typeof settings]: Values<(typeof settings)[Name]> };

/** Arranges the values under the names used in code, with the defaults that depend on other settings. */
export function arrange(values: AllValues) {
  const { general, server, database, sessions, passwords, signIn, tenants, apiKeys, mail, log } =
    values;
  const isProduction = general.NODE_ENV === 'production';
  return {
    env: general.NODE_ENV,
    /** Undefined outside production: the server stores one in the data folder. */
    secret: general.TENANTRY_SECRET,
    // Never by default in a given database: the demo's passwords are public.
    demo: general.DEMO ?? (!isProduction && isLoopback(server.HOST) && !database.DATABASE_URL),
    /** The number of worker processes; server-wide limits below are divided among them. */
    workers: server.WEB_CONCURRENCY,
    server: arrangeServer(server, isProduction),
    metrics: {
      host: server.METRICS_HOST,
      /** Null disables metrics. */
      port: server.METRICS_PORT ?? null,
    },
    database: arrangeDatabase(database),
    sessions: arrangeSessions(sessions),
    passwordPolicy: {
      lengthMin: passwords.PASSWORD_LENGTH_MIN,
    },
    passwords: {
      memoryKib: passwords.PASSWORD_HASH_MEMORY_KIB,
      iterations: passwords.PASSWORD_HASH_ITERATIONS,
      concurrency: passwords.PASSWORD_HASH_CONCURRENCY ?? availableParallelism(),
      queueMax: passwords.PASSWORD_HASH_QUEUE_MAX,
    },
    signIn: {
      freeFailures: signIn.SIGN_IN_FREE_FAILURES,
      consecutiveMax: signIn.SIGN_IN_CONSECUTIVE_FAILURES_MAX,
      sourceFailuresMax: signIn.SIGN_IN_SOURCE_FAILURES_MAX,
      signUpsMax: signIn.SIGN_UP_SOURCE_MAX,
      windowSeconds: signIn.SIGN_IN_WINDOW_SECONDS,
    },
    tenants: {
      deletionGraceDays: tenants.TENANT_DELETION_GRACE_DAYS,
    },
    apiKeys: {
      environment: apiKeys.API_KEY_ENVIRONMENT ?? (isProduction ? 'live' : 'test'),
      requestsPerMinute: apiKeys.API_KEY_REQUESTS_PER_MINUTE,
    },
    invitations: {
      ttlSeconds: tenants.INVITATION_TTL_SECONDS,
      perTenantDayMax: tenants.INVITATIONS_PER_DAY_MAX,
    },
    maintenance: {
      /** 0 disables housekeeping in this process. */
      intervalSeconds: values.maintenance.HOUSEKEEPING_INTERVAL_SECONDS,
    },
    streams: {
      perOwnerMax: values.streams.STREAMS_PER_CALLER_MAX,
      perProcessMax: values.streams.STREAMS_MAX,
    },
    mail: arrangeMail(mail, server, isProduction),
    log: {
      level: log.LOG_LEVEL,
      format: log.LOG_FORMAT ?? (isProduction ? 'json' : 'pretty'),
    },
    traces: arrangeTraces(values.traces),
  };
}

function arrangeServer(server: AllValues['server'], isProduction: boolean) {
  return {
    host: server.HOST,
    port: server.PORT,
    bodyMaxBytes: server.BODY_MAX_BYTES,
    requestTimeoutMs: server.REQUEST_TIMEOUT_MS,
    inFlightMax: server.IN_FLIGHT_MAX,
    inFlightQueueMax: server.IN_FLIGHT_QUEUE_MAX,
    shutdownDelayMs: server.SHUTDOWN_DELAY_MS ?? (isProduction ? 5_000 : 0),
    shutdownGraceMs: server.SHUTDOWN_GRACE_MS,
    corsOrigins: server.CORS_ORIGINS,
    logsRejectedOrigins: !isProduction,
    sessionCookies: server.SESSION_COOKIES,
    trustedProxyHops: server.TRUSTED_PROXY_HOPS,
    /** Undefined: no proxy reports locations. */
    clientPlaceHeader: server.CLIENT_PLACE_HEADER,
    hasGetGuard: server.GET_GUARD ?? isProduction,
    serverTiming: server.SERVER_TIMING ?? !isProduction,
    graphiql: server.GRAPHIQL ?? !isProduction,
    introspection: server.INTROSPECTION ?? !isProduction,
  };
}

function arrangeDatabase(database: AllValues['database']) {
  return {
    /** Undefined for the embedded PostgreSQL. */
    url: database.DATABASE_URL,
    /** The owner's URL without a pooler; undefined for the embedded PostgreSQL. */
    directUrl: database.DATABASE_DIRECT_URL ?? database.DATABASE_URL,
    /** Undefined: derived from `url`. */
    appUrl: database.DATABASE_APP_URL,
    dataDir: database.TENANTRY_DATA_DIR,
    embeddedPort: database.EMBEDDED_POSTGRES_PORT,
    poolSize: database.DATABASE_POOL_SIZE,
    acquireTimeoutMs: database.DATABASE_ACQUIRE_TIMEOUT_MS,
    statementTimeoutMs: database.DATABASE_STATEMENT_TIMEOUT_MS,
    queryTimeoutMs: database.DATABASE_QUERY_TIMEOUT_MS,
    connectionMaxAgeSeconds: database.DATABASE_CONNECTION_MAX_AGE_SECONDS,
  };
}

function arrangeMail(mail: AllValues['mail'], server: AllValues['server'], isProduction: boolean) {
  const isPrivate = !isProduction && isLoopback(server.HOST);
  return {
    /** Undefined: mails are shown in the inbox, or wait. */
    smtpUrl: mail.SMTP_URL,
    from: mail.MAIL_FROM ?? { name: 'Tenantry', address: 'no-reply@localhost' },
    hasInbox: mail.SMTP_URL === undefined && (mail.MAIL_INBOX ?? isPrivate),
    /** Development pages for links, until there is a frontend. */
    hasDevPages: !isProduction,
    links: arrangeLinks(mail, server),
  };
}

/** Pages of the frontend, from their own settings or below PUBLIC_URL. */
function arrangeLinks(mail: AllValues['mail'], server: AllValues['server']) {
  const getPage = (name: string, devPage: string) =>
    mail.PUBLIC_URL === undefined ? getDevPage(server, devPage) : `${mail.PUBLIC_URL}/${name}`;
  return {
    invitation: mail.INVITATION_URL ?? getPage('join', 'invitation'),
    emailVerification: mail.EMAIL_VERIFICATION_URL ?? getPage('verify', 'email-verification'),
    passwordReset: mail.PASSWORD_RESET_URL ?? getPage('reset', 'password-reset'),
  };
}

/** A development page that handles the token of a link. */
function getDevPage({ PORT }: { PORT: number }, page: string): string {
  return `http://localhost:${PORT}/dev/${page}`;
}

function arrangeSessions(sessions: AllValues['sessions']) {
  return {
    idleTimeoutSeconds: sessions.SESSION_IDLE_TIMEOUT_SECONDS,
    absoluteTimeoutSeconds: sessions.SESSION_ABSOLUTE_TIMEOUT_SECONDS,
    adminIdleTimeoutSeconds: sessions.ADMIN_SESSION_IDLE_TIMEOUT_SECONDS,
    adminAbsoluteTimeoutSeconds: sessions.ADMIN_SESSION_ABSOLUTE_TIMEOUT_SECONDS,
    perUserMax: sessions.SESSIONS_PER_USER_MAX,
    impersonationMaxSeconds: sessions.IMPERSONATION_MAX_SECONDS,
    reauthenticationSeconds: sessions.REAUTHENTICATION_SECONDS,
    credentialCacheMs: sessions.CREDENTIAL_CACHE_MS,
  };
}
