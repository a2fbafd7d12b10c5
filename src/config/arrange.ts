import { availableParallelism } from 'node:os';
import { isLoopback } from './faults.ts';
import type { Value } from './setting.ts';
import type { settings } from './settings.ts';
import { arrangeTraces } from './traces.ts';

export type Values<G> = { [Name in keyof G]: Value<G[Name]> };
/** The value read for each setting, by name. */
export type AllValues = { [Name in keyof typeof settings]: Values<(typeof settings)[Name]> };

/** The values under the names that the code uses, with the defaults that depend on others. */
export function arrange(values: AllValues) {
  const { general, server, database, sessions, passwords, signIn, tenants, apiKeys, mail, log } =
    values;
  const isProduction = general.NODE_ENV === 'production';
  return {
    env: general.NODE_ENV,
    /** Undefined outside production means: the server keeps one in the data folder. */
    secret: general.TENANTRY_SECRET,
    // Never by itself in a database that somebody brought: its passwords are published.
    demo: general.DEMO ?? (!isProduction && isLoopback(server.HOST) && !database.DATABASE_URL),
    /** Processes that serve; sizes below are for all of them together where they can be shared out. */
    workers: server.WEB_CONCURRENCY,
    server: arrangeServer(server, isProduction),
    metrics: {
      host: server.METRICS_HOST,
      /** Null: nothing is counted. */
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
      /** 0: no housekeeping in this process. */
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
    /** Undefined: nobody says where callers are. */
    clientPlaceHeader: server.CLIENT_PLACE_HEADER,
    hasGetGuard: server.GET_GUARD ?? isProduction,
    serverTiming: server.SERVER_TIMING ?? !isProduction,
    graphiql: server.GRAPHIQL ?? !isProduction,
    introspection: server.INTROSPECTION ?? !isProduction,
  };
}

function arrangeDatabase(database: AllValues['database']) {
  return {
    /** Undefined means the embedded PostgreSQL. */
    url: database.DATABASE_URL,
    /** The owner's way past any pooler; undefined means the embedded PostgreSQL. */
    directUrl: database.DATABASE_DIRECT_URL ?? database.DATABASE_URL,
    /** Undefined means derived from `url`. */
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
    /** Undefined means: mails are shown in the inbox, or wait. */
    smtpUrl: mail.SMTP_URL,
    from: mail.MAIL_FROM ?? { name: 'Tenantry', address: 'no-reply@localhost' },
    hasInbox: mail.SMTP_URL === undefined && (mail.MAIL_INBOX ?? isPrivate),
    /** Pages that links may lead to where there is no frontend yet. */
    hasDevPages: !isProduction,
    links: arrangeLinks(mail, server),
  };
}

/** Pages of the frontend, each where its own setting says or else below PUBLIC_URL. */
function arrangeLinks(mail: AllValues['mail'], server: AllValues['server']) {
  const getPage = (name: string, devPage: string) =>
    mail.PUBLIC_URL === undefined ? getDevPage(server, devPage) : `${mail.PUBLIC_URL}/${name}`;
  return {
    invitation: mail.INVITATION_URL ?? getPage('join', 'invitation'),
    emailVerification: mail.EMAIL_VERIFICATION_URL ?? getPage('verify', 'email-verification'),
    passwordReset: mail.PASSWORD_RESET_URL ?? getPage('reset', 'password-reset'),
  };
}

/** A page of the development inbox, which shows what to do with the token of a link. */
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
