import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { readServerFacts } from '../../db/replace-database.ts';
import { formatPostgresUrl, parsePostgresUrl } from '../../lib/postgres-url.ts';
import { CommandError } from '../errors.ts';

const execute = promisify(execFile);

/**
 * The path of a PostgreSQL client program of the server's major version or newer, since an older pg_dump rejects the
 * server. Throws CommandError, which says how to install it.
 */
export async function findTool(
  name: 'pg_dump' | 'pg_restore',
  ownerUrl: string,
  pgBin: string | undefined,
): Promise<string> {
  const tool = pgBin === undefined ? name : path.join(pgBin, name);
  const needed = await readServerMajor(ownerUrl);
  const found = await readToolMajor(tool);
  if (found !== null && found >= needed) return tool;
  const seen = found === null ? 'there is none' : `this one is of PostgreSQL ${found}`;
  throw new CommandError(
    `${tool} of PostgreSQL ${needed} or newer is needed and ${seen}: install its client programs ` +
      `(postgresql-client-${needed} of apt.postgresql.org, postgresql${needed} of yum, libpq of Homebrew) ` +
      'or name their folder with --pg-bin.',
  );
}

/** Runs a program against the database of the url. Throws CommandError with its error output. */
export async function runTool(
  tool: string,
  ownerUrl: string,
  args: readonly string[],
): Promise<void> {
  // Not as an argument, which all users of the machine can read.
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-'));
  try {
    const passwordFile = path.join(folder, 'password');
    await writeFile(passwordFile, formatPasswordFile(ownerUrl), { mode: 0o600 });
    const target = `--dbname=${formatTarget(ownerUrl, passwordFile)}`;
    await execute(tool, ['--no-password', target, ...args], { maxBuffer: 16_777_216 });
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    const said = stderr.trim() || (error instanceof Error ? error.message : String(error));
    throw new CommandError(`${path.basename(tool)} failed: ${said}`, { cause: error });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Only a superuser bypasses row security, and can give functions to their role. */
export async function verifySuperuser(ownerUrl: string): Promise<void> {
  const me = await readServerFacts(ownerUrl);
  if (me.isSuperuser) return;
  throw new CommandError(
    `${me.login} is no superuser, and row security would hide rows from it: run this command with ` +
      "a superuser's DATABASE_URL.",
  );
}

/** One line for any host: https://www.postgresql.org/docs/18/libpq-pgpass.html */
function formatPasswordFile(ownerUrl: string): string {
  const { password } = parsePostgresUrl(ownerUrl);
  return `*:*:*:*:${(password ?? '').replaceAll(/[\\:]/g, '\\$&')}\n`;
}

/** The url for libpq, without its password. */
function formatTarget(ownerUrl: string, passwordFile: string): string {
  const address = parsePostgresUrl(ownerUrl);
  // Always set, because libpq would read PGSSLMODE otherwise.
  const { sslmode = 'disable', sslrootcert } = address.parameters;
  const parameters = {
    ...address.parameters,
    sslmode: sslmode === 'no-verify' ? 'require' : sslmode,
    // libpq's name for the public authorities.
    ...(sslmode === 'verify-full' && { sslrootcert: sslrootcert ?? 'system' }),
    passfile: passwordFile,
  };
  return formatPostgresUrl({ ...address, password: null, parameters });
}

async function readServerMajor(ownerUrl: string): Promise<number> {
  return Math.floor((await readServerFacts(ownerUrl)).version / 10_000);
}

async function readToolMajor(tool: string): Promise<number | null> {
  const answer = await execute(tool, ['--version']).catch(() => null);
  const major = /\(PostgreSQL\) (\d+)/.exec(answer?.stdout ?? '')?.[1];
  return major === undefined ? null : Number(major);
}
