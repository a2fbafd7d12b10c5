import { readFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { Command, CommanderError } from 'commander';
import { addAdmin } from './commands/admin.ts';
import { addAudit } from './commands/audit.ts';
import { addBackup } from './commands/backup.ts';
import { addDb } from './commands/db.ts';
import { addInvite } from './commands/invite.ts';
import { addKey } from './commands/key.ts';
import { addMigrate } from './commands/migrate.ts';
import { addRestore } from './commands/restore.ts';
import { addSchema } from './commands/schema.ts';
import { addSeed } from './commands/seed.ts';
import { addServe } from './commands/serve.ts';
import { addSession } from './commands/session.ts';
import { addTenant } from './commands/tenant.ts';
import { addUser } from './commands/user.ts';
import { findClearMessage, getExitCode } from './errors.ts';
import { printError } from './output.ts';

// The `tenantry` command. Each command loads its modules when it is called, so that help prints at once.

/** How long a leaked handle may keep the process alive after the command. */
const lingerMsMax = 2_000;

/** Runs the command of the process's arguments and sets the exit code. */
export async function main(): Promise<void> {
  // A reader such as `head` may close the output; that is not an error.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  process.exitCode = await run(process.argv.slice(2));
  setTimeout(() => process.exit(), lingerMsMax).unref();
}

/** Runs one command and returns its exit code: 0, or what getExitCode says. */
export async function run(args: string[]): Promise<number> {
  let exitCode = 0;
  const program = await createProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has printed it already; --help is not an error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    // A bug is printed with its stack and causes.
    printError(findClearMessage(error) ?? inspect(error));
    return getExitCode(error);
  }
}

/** All commands; tests iterate over them. */
export async function createProgram(setExitCode: (code: number) => void): Promise<Command> {
  const program = new Command('tenantry')
    .description('Users, tenants, roles and sessions behind one GraphQL API on one PostgreSQL.')
    .version(await readVersion())
    .exitOverride()
    .showHelpAfterError('Add --help for what can be given here.')
    .addHelpText(
      'after',
      `
Settings are environment variables or lines of .env; .env.example lists them all.
Exit codes: 0 done, 1 rejected or failed, 2 called in a way that cannot work, 3 the database is at
another version. Only serve, migrate and seed migrate; with migrations waiting, other commands change
nothing and say what to run.

Examples:
  $ tenantry serve
  $ tenantry seed --users 100000
  $ tenantry admin create --email you@example.com
  $ tenantry tenant list --json
  $ tenantry user import people.csv
  $ tenantry user suspend mary@example.com`,
    );
  addServe(program, setExitCode);
  addMigrate(program);
  addBackup(program);
  addRestore(program);
  addSeed(program);
  addAdmin(program);
  addTenant(program);
  addUser(program);
  addSession(program);
  addInvite(program);
  addKey(program);
  addAudit(program);
  addDb(program);
  addSchema(program);
  return program;
}

async function readVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
