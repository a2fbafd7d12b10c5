import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseEnv } from 'node:util';
import { findUnknownNames, isLoopback } from './config/faults.ts';
import type { AnySetting, Value } from './config/setting.ts';
import { settings } from './config/settings.ts';
import { arrangeTraces } from './config/traces.ts';

/** Environment variables by name; an empty one counts as not set. */
type Environment = Record<string, string | undefined>;

/** The parsed settings, grouped, frozen all the way down. What each means is in config/settings.ts. */
export type Config = DeepReadonly<ReturnType<typeof arrange>>;

/** The environment does not describe a server that could run; the message lists every fault. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    const title = faults.length === 1 ? 'One setting is' : `${faults.length} settings are`;
    super(`${title} not usable:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

/**
 * Parses the process's environment, and below it the file .env of the working directory (not in
 * tests, which must not depend on it). The only place that reads process.env.
 * @throws ConfigError naming all faults at once, without the values of secrets.
 */
export function readConfig(): Config {
  const file = process.env.NODE_ENV === 'test' ? {} : readEnvFile();
  return loadConfig({ ...file, ...process.env });
}

/**
 * Parses and checks an environment; pure, so tests can pass any.
 * @throws ConfigError naming all faults at once, without the values of secrets.
 */
export function loadConfig(env: Environment): Config {
  const faults = new Map<string, string>();
  const values = {
    general: readGroup(settings.general, env, faults),
    server: readGroup(settings.server, env, faults),
    database: readGroup(settings.database, env, faults),
    sessions: readGroup(settings.sessions, env, faults),
    passwords: readGroup(settings.passwords, env, faults),
    signIn: readGroup(settings.signIn, env, faults),
    tenants: readGroup(settings.tenants, env, faults),
    apiKeys: readGroup(settings.apiKeys, env, faults),
    maintenance: readGroup(settings.maintenance, env, faults),
    streams: readGroup(settings.streams, env, faults),
    mail: readGroup(settings.mail, env, faults),
    log: readGroup(settings.log, env, faults),
    traces: readGroup(settings.traces, env, faults),
  };
  const all = [
    ...findUnknownNames(env),
    ...faults.values(),
    ...findContradictions(values, new Set(faults.keys())),
  ];
  if (all.length > 0) throw new ConfigError(all);
  return deepFreeze(arrange(values));
}

type Group = Record<string, AnySetting>;
type Values<G> = { [Name in keyof G]: Value<G[Name]> };
type AllValues = { [Name in keyof typeof settings]: Values<(typeof settings)[Name]> };

function readGroup<G extends Group>(group: G, env: Environment, faults: Map<string, string>) {
  const entries = Object.entries(group).map(([name, setting]) => {
    const raw = env[name] || setting.fallback;
    if (raw === undefined) return [name, undefined];
    const parsed = setting.schema.safeParse(raw);
    if (!parsed.success) {
      const found = setting.isSecret ? '' : `, not ${JSON.stringify(raw.slice(0, 80))}`;
      faults.set(name, `${name} must be ${setting.expects}${found}`);
    }
    return [name, parsed.data];
  });
  // Complete whenever `faults` stays empty, which loadConfig checks before anyone sees it.
  return Object.fromEntries(entries) as Values<G>;
}

/** What the values say against each other; a setting that could not be read is left out. */
function findContradictions(values: AllValues, unread: ReadonlySet<string>): string[] {
  const { general, server, database, sessions, mail } = values;
  const isProduction = general.NODE_ENV === 'production';
  const isExposed = !unread.has('HOST') && !isLoopback(server.HOST);
  const checks: [name: string, isBroken: boolean, rule: string][] = [
    ['TENANTRY_SECRET', isProduction && !general.TENANTRY_SECRET, 'must be set in production'],
    ['DEMO', general.DEMO === true && isProduction, 'must be off in production'],
    [
      'DEMO',
      general.DEMO === true && isExposed,
      `must be off where HOST is not loopback, and it is ${server.HOST}`,
    ],
    ...findMailContradictions(mail, { isProduction, isExposed, host: server.HOST }),
    [
      'CLIENT_PLACE_HEADER',
      server.CLIENT_PLACE_HEADER !== undefined && server.TRUSTED_PROXY_HOPS === 0,
      'needs TRUSTED_PROXY_HOPS: anybody could send it',
    ],
    [
      'DATABASE_APP_URL',
      database.DATABASE_APP_URL !== undefined && database.DATABASE_URL === undefined,
      'needs DATABASE_URL, the owner of the same database',
    ],
    [
      'DATABASE_POOL_SIZE',
      // One that does background work with its only connection would answer nobody meanwhile.
      server.WEB_CONCURRENCY > 1 && database.DATABASE_POOL_SIZE < 2 * server.WEB_CONCURRENCY,
      `must be at least ${2 * server.WEB_CONCURRENCY}, two for each of WEB_CONCURRENCY`,
    ],
    [
      'DATABASE_QUERY_TIMEOUT_MS',
      database.DATABASE_QUERY_TIMEOUT_MS < database.DATABASE_STATEMENT_TIMEOUT_MS,
      'must be at least DATABASE_STATEMENT_TIMEOUT_MS',
    ],
    [
      'SESSION_ABSOLUTE_TIMEOUT_SECONDS',
      sessions.SESSION_ABSOLUTE_TIMEOUT_SECONDS < sessions.SESSION_IDLE_TIMEOUT_SECONDS,
      'must be at least SESSION_IDLE_TIMEOUT_SECONDS',
    ],
    [
      'ADMIN_SESSION_ABSOLUTE_TIMEOUT_SECONDS',
      sessions.ADMIN_SESSION_ABSOLUTE_TIMEOUT_SECONDS < sessions.ADMIN_SESSION_IDLE_TIMEOUT_SECONDS,
      'must be at least ADMIN_SESSION_IDLE_TIMEOUT_SECONDS',
    ],
  ];
  return checks
    .filter(([name, isBroken]) => isBroken && !unread.has(name))
    .map(([name, , rule]) => `${name} ${rule}`);
}

/** What leads nowhere may not be sent to people, and what is secret may not be shown to others. */
function findMailContradictions(
  mail: AllValues['mail'],
  { isProduction, isExposed, host }: { isProduction: boolean; isExposed: boolean; host: string },
): [name: string, isBroken: boolean, rule: string][] {
  const names = [
    'MAIL_FROM',
    'INVITATION_URL',
    'EMAIL_VERIFICATION_URL',
    'PASSWORD_RESET_URL',
  ] as const;
  const isSending = isProduction && mail.SMTP_URL !== undefined;
  const isShown = mail.MAIL_INBOX === true;
  return [
    ...names.map((name): [string, boolean, string] => [
      name,
      isSending && mail[name] === undefined,
      'must be set in production where SMTP_URL is',
    ]),
    ['MAIL_INBOX', isShown && isProduction, 'must be off in production'],
    [
      'MAIL_INBOX',
      isShown && isExposed,
      `must be off where HOST is not loopback, and it is ${host}`,
    ],
    ['MAIL_INBOX', isShown && mail.SMTP_URL !== undefined, 'must be off where SMTP_URL is set'],
  ];
}

function arrange(values: AllValues) {
  const { general, server, database, sessions, passwords, signIn, tenants, apiKeys, mail, log } =
    values;
  const isProduction = general.NODE_ENV === 'production';
  return {
    env: general.NODE_ENV,
    /** Undefined outside production means: the server keeps one in the data folder. */
    secret: general.TENANTRY_SECRET,
    demo: general.DEMO ?? (!isProduction && isLoopback(server.HOST)),
    /** Processes that serve; sizes below are for all of them together where they can be shared out. */
    workers: server.WEB_CONCURRENCY,
    server: arrangeServer(server, isProduction),
    metrics: {
      host: server.METRICS_HOST,
      /** Null: nothing is counted. */
      port: server.METRICS_PORT ?? null,
    },
    database: arrangeDatabase(database),
    sessions: {
      idleTimeoutSeconds: sessions.SESSION_IDLE_TIMEOUT_SECONDS,
      absoluteTimeoutSeconds: sessions.SESSION_ABSOLUTE_TIMEOUT_SECONDS,
      adminIdleTimeoutSeconds: sessions.ADMIN_SESSION_IDLE_TIMEOUT_SECONDS,
      adminAbsoluteTimeoutSeconds: sessions.ADMIN_SESSION_ABSOLUTE_TIMEOUT_SECONDS,
      perUserMax: sessions.SESSIONS_PER_USER_MAX,
      impersonationMaxSeconds: sessions.IMPERSONATION_MAX_SECONDS,
      reauthenticationSeconds: sessions.REAUTHENTICATION_SECONDS,
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

function readEnvFile(): Environment {
  try {
    return parseEnv(readFileSync('.env', 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
}

function arrangeServer(server: AllValues['server'], isProduction: boolean) {
  return {
    host: server.HOST,
    port: server.PORT,
    bodyMaxBytes: server.BODY_MAX_BYTES,
    requestTimeoutMs: server.REQUEST_TIMEOUT_MS,
    inFlightMax: server.IN_FLIGHT_MAX,
    inFlightQueueMax: server.IN_FLIGHT_QUEUE_MAX,
    shutdownGraceMs: server.SHUTDOWN_GRACE_MS,
    corsOrigins: server.CORS_ORIGINS,
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
    links: {
      invitation: mail.INVITATION_URL ?? getDevPage(server, 'invitation'),
      emailVerification: mail.EMAIL_VERIFICATION_URL ?? getDevPage(server, 'email-verification'),
      passwordReset: mail.PASSWORD_RESET_URL ?? getDevPage(server, 'password-reset'),
    },
  };
}

/** A page of the development inbox, which shows what to do with the token of a link. */
function getDevPage({ PORT }: { PORT: number }, page: string): string {
  return `http://localhost:${PORT}/dev/${page}`;
}

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

function deepFreeze<T extends object>(value: T): DeepReadonly<T> {
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null) deepFreeze(part);
  }
  return Object.freeze(value) as DeepReadonly<T>;
}
