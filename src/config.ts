import { existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { parseEnv } from 'node:util';
import { type AllValues, arrange, type Values } from './config/arrange.ts';
import { completeDatabaseUrls } from './config/database-urls.ts';
import type { AnySetting } from './config/setting.ts';
import { findUnknownNames, isLoopback } from './config/setting-names.ts';
import { settings } from './config/settings.ts';
import { decodeTextFile, TextFileError } from './config/text-file.ts';
import type { PostgresDefaults } from './lib/postgres-url.ts';

/** Environment variables by name; an empty one counts as not set. */
type Environment = Record<string, string | undefined>;

/** The parsed settings, grouped and deeply frozen; described in config/settings.ts. */
export type Config = DeepReadonly<ReturnType<typeof arrange>>;

/** The settings are invalid; the message lists every problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const list = problems.map((problem) => `\n  - ${problem}`).join('');
    super(
      problems.length === 1
        ? `One setting is invalid: ${problems[0]}`
        : `${problems.length} settings are invalid:${list}`,
    );
    this.problems = problems;
  }
}

/**
 * Parses the environment and the file .env of the working directory, which it overrides (no file in tests, which must
 * not depend on it). The only place that reads process.env.
 * @throws ConfigError with all problems at once, without the values of secrets.
 */
export function readConfig(): Config {
  const file = process.env.NODE_ENV === 'test' ? {} : readEnvFile();
  const config = loadConfig({ ...file, ...process.env }, thisMachine());
  // The URLs include it now; node-postgres would also send it to the embedded PostgreSQL.
  delete process.env.PGOPTIONS;
  return config;
}

/** Parts of a database URL that default to those of this machine. */
type Machine = Omit<PostgresDefaults, 'env'>;
const noMachine: Machine = { systemUser: null, findSocketFolder: () => null };

/**
 * Parses and checks an environment; pure.
 * @throws ConfigError with all problems at once, without the values of secrets.
 */
export function loadConfig(env: Environment, machine: Machine = noMachine): Config {
  const problems = new Map<string, string>();
  const values = {
    general: readGroup(settings.general, env, problems),
    server: readGroup(settings.server, env, problems),
    database: completeDatabaseUrls(
      readGroup(settings.database, env, problems),
      { env, ...machine },
      problems,
    ),
    sessions: readGroup(settings.sessions, env, problems),
    passwords: readGroup(settings.passwords, env, problems),
    signIn: readGroup(settings.signIn, env, problems),
    tenants: readGroup(settings.tenants, env, problems),
    apiKeys: readGroup(settings.apiKeys, env, problems),
    maintenance: readGroup(settings.maintenance, env, problems),
    streams: readGroup(settings.streams, env, problems),
    mail: readGroup(settings.mail, env, problems),
    log: readGroup(settings.log, env, problems),
    traces: readGroup(settings.traces, env, problems),
  };
  const all = [
    ...findUnknownNames(env),
    ...problems.values(),
    ...findContradictions(values, new Set(problems.keys())),
  ];
  if (all.length > 0) throw new ConfigError(all);
  return deepFreeze(arrange(values));
}

type Group = Record<string, AnySetting>;

function readGroup<G extends Group>(group: G, env: Environment, problems: Map<string, string>) {
  const entries = Object.entries(group).map(([name, setting]) => {
    const raw = env[name] || setting.fallback;
    if (raw === undefined) return [name, undefined];
    const parsed = setting.schema.safeParse(raw);
    if (!parsed.success) {
      problems.set(name, describeProblem(name, setting, raw));
    }
    return [name, parsed.data];
  });
  // Complete if `problems` is empty, which loadConfig checks.
  return Object.fromEntries(entries) as Values<G>;
}

function describeProblem(name: string, setting: AnySetting, text: string): string {
  if (setting.explain !== undefined) return `${name}: ${setting.explain(text)}`;
  const found = setting.isSecret ? '' : `, not ${JSON.stringify(text.slice(0, 80))}`;
  return `${name} must be ${setting.expects}${found}`;
}

/** Finds conflicts between settings, except those with a problem already. */
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
      `must be off if HOST is not loopback, and it is ${server.HOST}`,
    ],
    ...findMailContradictions(mail, { isProduction, isExposed, host: server.HOST, unread }),
    [
      'CLIENT_PLACE_HEADER',
      server.CLIENT_PLACE_HEADER !== undefined && server.TRUSTED_PROXY_HOPS === 0,
      'needs TRUSTED_PROXY_HOPS: without a trusted proxy anyone could send the header',
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
      // Background work on a worker's only connection would block its requests.
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

/** Links in mails need pages, and the inbox must not be public. */
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
      'must be set in production with SMTP_URL',
    ],
    [
      'PUBLIC_URL',
      isSending && mail.PUBLIC_URL === undefined && !hasPages,
      `must be set in production with SMTP_URL, to the address of your frontend: links in mails lead there (or set ${pages.join(', ')})`,
    ],
    ['MAIL_INBOX', isShown && isProduction, 'must be off in production'],
    ['MAIL_INBOX', isShown && isExposed, `must be off if HOST is not loopback, and it is ${host}`],
    ['MAIL_INBOX', isShown && mail.SMTP_URL !== undefined, 'must be off if SMTP_URL is set'],
  ];
}

function thisMachine(): Machine {
  // Debian and Red Hat use the first folder for sockets, PostgreSQL's own build the second.
  const folders = ['/var/run/postgresql', '/tmp'];
  const findSocketFolder = (port: number) =>
    folders.find((folder) => existsSync(`${folder}/.s.PGSQL.${port}`)) ?? null;
  try {
    return { systemUser: userInfo().username, findSocketFolder };
  } catch {
    // In a container the user id may have no name.
    return { systemUser: null, findSocketFolder };
  }
}

/** Reads the file .env, if it exists. @throws ConfigError if it cannot be read */
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
