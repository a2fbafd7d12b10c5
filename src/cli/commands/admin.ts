import type { Command } from 'commander';
import type { Config } from '../../config.ts';
import type { Operator } from '../../db/operator.ts';
import { CommandError, UsageError } from '../errors.ts';
import { printJson, printResult } from '../output.ts';
import type { Candidate } from '../platform-admin.ts';

type CreateOptions = {
  email: string;
  name?: string;
  passwordStdin?: boolean;
  yes?: boolean;
  json?: boolean;
};

/** Result for the user. */
type Outcome = { id: string; email: string; outcome: 'created' | 'promoted' | 'unchanged' };

/** `tenantry admin`: platform admins, whom only an operator can create. */
export function addAdmin(program: Command): void {
  program
    .command('admin')
    .description('Manage platform admins, who see and manage all tenants.')
    .addHelpText('after', '\nExample:\n  $ tenantry admin create --email you@example.com')
    .command('create')
    .description('Make a platform admin: a new user, or one who has signed up already.')
    .requiredOption('--email <address>', 'who it is')
    .option('--name <name>', 'the name of a new user')
    .option('--password-stdin', 'read the password of a new user from standard input')
    .option('--yes', 'promote an existing user without asking')
    .option('--json', 'print {"id", "email", "outcome"}')
    .addHelpText(
      'after',
      `
A new user's password is asked for without showing it; the rules are those of signing up. An
existing user keeps its password, and its sessions end.

Examples:
  $ tenantry admin create --email you@example.com --name "Your Name"
  $ pass show tenantry | tenantry admin create --email you@example.com --password-stdin`,
    )
    .action(runCreate);
}

async function runCreate(options: CreateOptions): Promise<void> {
  const { email, name } = await readArguments(options);
  const { withDatabase } = await import('../with-database.ts');
  const { withOperator } = await import('../../db/operator.ts');
  const { findCandidate } = await import('../platform-admin.ts');
  const done = await withDatabase(({ ownerUrl }, config) =>
    withOperator(ownerUrl, async (operator): Promise<Outcome> => {
      const found = await findCandidate(operator, email);
      if (found) return { email, ...(await promote(operator, found, options)) };
      return { email, ...(await create(operator, { ...options, email, name, config })) };
    }),
  );
  if (options.json) printJson(done);
  else printResult(describeOutcome(done));
}

async function readArguments({ email, name }: CreateOptions) {
  const { checkEmail, checkOptionalText } = await import('../../core/input.ts');
  const { userNameMax } = await import('../../domains/users/service.ts');
  try {
    return {
      email: checkEmail('email', email),
      name: checkOptionalText('name', name ?? null, userNameMax),
    };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

type NewAdmin = { email: string; name: string | null; passwordStdin?: boolean; config: Config };

async function create(operator: Operator, admin: NewAdmin) {
  const { checkNewPassword } = await import('../../domains/sessions/service/password.ts');
  const { createPasswordHasher } = await import('../../core/passwords/hasher.ts');
  const { createPlatformAdmin } = await import('../platform-admin.ts');
  const { email, name, config } = admin;
  const typed = await readPassword(admin);
  const password = checkNewPassword('password', typed, {
    ...config.passwordPolicy,
    email,
    words: [name],
  });
  const hasher = createPasswordHasher(config.passwords);
  const passwordHash = await hasher.hash(password);
  const id = await createPlatformAdmin(operator, { email, name, passwordHash });
  return { id, outcome: 'created' as const };
}

async function readPassword({ passwordStdin = false }: NewAdmin): Promise<string> {
  const { askPassword, canAsk, readPasswordFromInput } = await import('../prompt.ts');
  if (passwordStdin) return readPasswordFromInput();
  if (!canAsk()) {
    throw new UsageError('There is no terminal to ask for the password: give --password-stdin.');
  }
  const password = await askPassword('Password');
  if ((await askPassword('The same again')) === password) return password;
  throw new CommandError('The two passwords differ. Nothing was changed.');
}

async function promote(operator: Operator, found: Candidate, { email, yes }: CreateOptions) {
  const { id } = found;
  if (found.isPlatformAdmin) return { id, outcome: 'unchanged' as const };
  if (found.status !== 'active') {
    throw new CommandError(`${email} is ${found.status} and cannot be made a platform admin.`);
  }
  if (!yes) await confirmPromotion(email, found);
  const { promoteToPlatformAdmin } = await import('../platform-admin.ts');
  await promoteToPlatformAdmin(operator, id);
  return { id, outcome: 'promoted' as const };
}

async function confirmPromotion(email: string, { name, createdAt }: Candidate): Promise<void> {
  const { askYes, canAsk } = await import('../prompt.ts');
  const who = `${email} (${name ?? 'no name'}, signed up on ${createdAt.toISOString().slice(0, 10)})`;
  if (!canAsk()) throw new CommandError(`${who} exists: make it a platform admin with --yes.`);
  if (await askYes(`${who} exists. Make it a platform admin?`)) return;
  throw new CommandError('Nothing was changed.');
}

function describeOutcome({ email, outcome }: Outcome): string {
  if (outcome === 'created') return `${email} was created and is a platform admin.`;
  if (outcome === 'promoted') {
    return `${email} is a platform admin now. Its sessions ended, its password stays.`;
  }
  return `${email} is a platform admin already.`;
}
