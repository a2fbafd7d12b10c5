import type { Command } from 'commander';
import { readCount } from '../arguments.ts';

const load = () => import('../actions/session.ts');

/** `tenantry session`: live sessions. */
export function addSession(program: Command): void {
  const session = program
    .command('session')
    .description('Look at live sessions and end them.')
    .addHelpText(
      'after',
      `
Examples:
  $ tenantry session list --user mary@example.com
  $ tenantry session revoke --user mary@example.com`,
    );
  addList(session);
  addRevoke(session);
}

function addList(session: Command): void {
  session
    .command('list')
    .description('List the live sessions of a user, or those bound to a tenant, newest first.')
    .option('--user <user>', 'whose: e-mail address or id')
    .option('--tenant <tenant>', 'or bound to which tenant: slug or id')
    .option('--limit <number>', 'at most so many', readCount(1, 1e9))
    .option('--json', 'print one JSON object a line')
    .addHelpText(
      'after',
      `
Examples:
  $ tenantry session list --user mary@example.com
  $ tenantry session list --tenant jackson-labs --json | jq -r .ip`,
    )
    .action(async (options) => (await load()).runList(options));
}

function addRevoke(session: Command): void {
  session
    .command('revoke')
    .description('End one session, or all of a user’s.')
    .argument('[session]', 'the id of one session')
    .option('--user <user>', 'all of this user’s: e-mail address or id')
    .option('--tenant <tenant>', 'with --user, only those bound to this tenant')
    .option('--yes', 'do not ask')
    .option('--json', 'print {"revokedSessionId"} or {"revokedCount"}')
    .addHelpText(
      'after',
      `
Takes effect at once, on every server. Only --user asks for confirmation.

Examples:
  $ tenantry session revoke session_0199f3a1c2d47e0b8a4c5d6e7f809112
  $ tenantry session revoke --user mary@example.com --yes`,
    )
    .action(async (id, options) => (await load()).runRevoke(id, options));
}
