import { existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { parseEnv } from 'node:util';
import { type AllValues, arrange, type Values } from './config/arrange.ts';
import { completeDatabaseUrls } from './config/database-urls.ts';
import { findUnknownNames, isLoopback } from './config/faults.ts';
import type { AnySetting } from './config/setting.ts';
import { settings } from './config/settings.ts';
import { decodeTextFile, TextFileError } from './config/text-file.ts';
import type { PostgresDefaults } from './lib/postgres-url.ts';

/** Environment variables by name; an empty one counts as not set. */
type Environment = Record<string, string | undefined>;

/** The parsed settings, grouped, frozen all the way down. What each means is in config/settings.ts. */
export type Config = DeepReadonly<ReturnType<typeof arrange>>;

/** The environment does not describe a server that could run; the message lists every fault. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    const list = faults.map((fault) => `\n  - ${fault}`).join('');
    super(
      faults.length === 1
        ? `One setting is not usable: ${faults[0]}`
        : `${faults.length} settings are not usable:${list}`,
    );
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
  const config = loadConfig({ ...file, ...process.env }, thisMachine());
  // The urls say it by now; node-postgres would give it to the embedded PostgreSQL as well.
  delete process.env.PGOPTIONS;
  return config;
}

/** Parts a database URL may omit because the machine provides them. */
type Machine = Omit<PostgresDefaults, 'env'>;
const noMachine: Machine = { systemUser: null, findSocketFolder: () => null };

/**
 * Parses and checks an environment; pure, so tests can pass any.
 * @throws ConfigError naming all faults at once, without the values of secrets.
 */
export function loadConfig(env: Environment, machine: Machine = noMachine): Config {
  const faults = new Map<string, string>();
  const values = {
    general: readGroup(settings.general, env, faults),
    server: readGroup(settings.server, env, faults),
    database: completeDatabaseUrls(
      readGroup(settings.database, env, faults),
      { env, ...machine },
      faults,
    ),
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

function readGroup<G extends Group>(group: G, env: Environment, faults: Map<string, string>) {
  const entries = Object.entries(group).map(([name, setting]) => {
    const raw = env[name] || setting.fallback;
    if (raw === undefined) return [name, undefined];
    const parsed = setting.schema.safeParse(raw);
    if (!parsed.success) {
      faults.set(name, describeFault(name, setting, raw));
    }
    return [name, parsed.data];
  });
  // Complete whenever `faults` stays empty, which loadConfig checks before anyone sees it.
  return Object.fromEntries(entries) as Values<G>;
}

function describeFault(name: string, setting: AnySetting, text: string): string {
  if (setting.explain !== undefined) return `${name}: ${setting.explain(text)}`;
  const found = setting.isSecret ? '' : `, not ${JSON.stringify(text.slice(0, 80))}`;
  return `${name} must be ${setting.expects}${found}`;
}

/** Conflicts between settings; a setting that could not be read is left out. */
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
    ...findMailContradictions(mail, { isProduction, isExposed, host: server.HOST, unread }),
    [
      'CLIENT_PLACE_HEADER',
      server.CLIENT_PLACE_HEADER !== undefined && server.TRUSTED_PROXY_HOPS === 0,
      'needs TRUSTED_PROXY_HOPS: anybody could send it',
    ],
    ...findDatabaseContradictions(database, server, unread),
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

function findDatabaseContradictions(
  database: AllValues['database'],
  server: AllValues['server'],
  unread: ReadonlySet<string>,
): [name: string, isBroken: boolean, rule: string][] {
  const lacksUrl = database.DATABASE_URL === undefined && !unread.has('DATABASE_URL');
  return [
    [
      'DATABASE_APP_URL',
      database.DATABASE_APP_URL !== undefined && lacksUrl,
      'needs DATABASE_URL, the owner of the same database',
    ],
    [
      'DATABASE_DIRECT_URL',
      database.DATABASE_DIRECT_URL !== undefined && lacksUrl,
      'needs DATABASE_URL, which may lead through a pooler',
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
  ];
}

type MailSurroundings = {
  isProduction: boolean;
  isExposed: boolean;
  host: string;
  unread: ReadonlySet<string>;
};

/** Mails must not link nowhere, and secrets must not be shown to others. */
function findMailContradictions(
  mail: AllValues['mail'],
  { isProduction, isExposed, host, unread }: MailSurroundings,
): [name: string, isBroken: boolean, rule: string][] {
  const pages = ['INVITATION_URL', 'EMAIL_VERIFICATION_URL', 'PASSWORD_RESET_URL'] as const;
  const hasPages = pages.every((name) => mail[name] !== undefined || unread.has(name));
  const isSending = isProduction && mail.SMTP_URL !== undefined;
  const isShown = mail.MAIL_INBOX === true;
  return [
    [
      'MAIL_FROM',
      isSending && mail.MAIL_FROM === undefined,
      'must be set in production where SMTP_URL is',
    ],
    [
      'PUBLIC_URL',
      isSending && mail.PUBLIC_URL === undefined && !hasPages,
      `must be set in production where SMTP_URL is, to the address of your frontend: links in mails lead there (or set ${pages.join(', ')})`,
    ],
    ['MAIL_INBOX', isShown && isProduction, 'must be off in production'],
    [
      'MAIL_INBOX',
      isShown && isExposed,
      `must be off where HOST is not loopback, and it is ${host}`,
    ],
    ['MAIL_INBOX', isShown && mail.SMTP_URL !== undefined, 'must be off where SMTP_URL is set'],
  ];
}

function thisMachine(): Machine {
  // Where PostgreSQL has its socket depends on who compiled it: Debian and Red Hat the one, its own source the other.
  const folders = ['/var/run/postgresql', '/tmp'];
  const findSocketFolder = (port: number) =>
    folders.find((folder) => existsSync(`${folder}/.s.PGSQL.${port}`)) ?? null;
  try {
    return { systemUser: userInfo().username, findSocketFolder };
  } catch {
    // A container's process may run as a number that has no name.
    return { systemUser: null, findSocketFolder };
  }
}

/** Variables of the file .env; none where there is no such file. @throws ConfigError if it cannot be read. */
function readEnvFile(): Environment {
  try {
    return parseEnv(decodeTextFile(readFileSync('.env')));
  } catch (error) {
    if (error instanceof TextFileError) throw new ConfigError([`.env ${error.message}`]);
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return {};
    throw new ConfigError([`.env could not be read (${code ?? error})`]);
  }
}

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

function deepFreeze<T extends object>(value: T): DeepReadonly<T> {
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null) deepFreeze(part);
  }
  return Object.freeze(value) as DeepReadonly<T>;
}
