import { type Command, Option } from 'commander';
import { readCount } from '../arguments.ts';
import { addUserExport } from './user-export.ts';
import { addUserImport } from './user-import.ts';

const load = () => import('../actions/user.ts');

/** `tenantry user`: people, whatever tenants they belong to. */
export function addUser(program: Command): void {
  const user = program
    .command('user')
    .description('Look at, suspend, reinstate, erase, import and export users.')
    .addHelpText(
      'after',
      `
A user is named by e-mail address or id. Works with and without a running server.

Examples:
  $ tenantry user list --search mary
  $ tenantry user show mary@example.com
  $ tenantry user suspend mary@example.com --reason "password found in a leak"`,
    );
  addList(user);
  addShow(user);
  addSuspension(user);
  addErase(user);
  addUserImport(user);
  addUserExport(user);
}

function addList(user: Command): void {
  user
    .command('list')
    .description('List users, newest first.')
    .option('--search <text>', 'only those like this in e-mail or name, at least 3 characters')
    .addOption(
      new Option('--status <status>', 'only those in this state').choices(['active', 'suspended']),
    )
    .option('--limit <number>', 'at most so many', readCount(1, 1e9))
    .option('--json', 'print one JSON object a line')
    .addHelpText(
      'after',
      `
Examples:
  $ tenantry user list --limit 20
  $ tenantry user list --status suspended --json | jq -r .email`,
    )
    .action(async (options) => (await load()).runList(options));
}

function addShow(user: Command): void {
  user
    .command('show')
    .description('Show a user and the tenants it belongs to.')
    .argument('<user>', 'e-mail address or id')
    .option('--json', 'print a JSON object')
    .addHelpText(
      'after',
      `
Example:
  $ tenantry user show mary@example.com`,
    )
    .action(async (name, options) => (await load()).runShow(name, options));
}

function addSuspension(user: Command): void {
  user
    .command('suspend')
    .description('End all sessions of a user, who cannot sign in until reinstated.')
    .argument('<user>', 'e-mail address or id')
    .option('--reason <text>', 'why, for the audit log')
    .option('--json', 'print the user as a JSON object')
    .addHelpText(
      'after',
      `
Example:
  $ tenantry user suspend mary@example.com --reason "password found in a leak"`,
    )
    .action(async (name, options) => (await load()).runSuspend(name, options));
  user
    .command('reinstate')
    .description('Let a suspended user sign in again.')
    .argument('<user>', 'e-mail address or id')
    .option('--reason <text>', 'why, for the audit log')
    .option('--json', 'print the user as a JSON object')
    .addHelpText(
      'after',
      `
Example:
  $ tenantry user reinstate mary@example.com`,
    )
    .action(async (name, options) => (await load()).runReinstate(name, options));
}

function addErase(user: Command): void {
  user
    .command('erase')
    .description('Remove a person for good; the audit log keeps the id alone.')
    .argument('<user>', 'e-mail address or id')
    .option('--reason <text>', 'why, for the audit log')
    .option('--yes', 'do not ask')
    .option('--json', 'print {"erasedUserId"}')
    .addHelpText(
      'after',
      `
Profile, password, memberships and sessions are gone after this and cannot be brought back. Who is
the last owner of a tenant cannot be erased.

Examples:
  $ tenantry user erase mary@example.com
  $ tenantry user erase mary@example.com --reason "asked for it on the phone" --yes`,
    )
    .action(async (name, options) => (await load()).runErase(name, options));
}
