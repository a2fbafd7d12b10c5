import type { Command } from 'commander';

/** `tenantry invite`: people who may join a tenant. */
export function addInvite(program: Command): void {
  program
    .command('invite')
    .description('Invite people to a tenant by mail.')
    .argument('<email...>', 'whom, up to 100')
    .requiredOption('--tenant <tenant>', 'where to: slug or id')
    .option('--role <key...>', 'the roles they get, by key; the default role if left out')
    .option('--json', 'print one JSON object for each address')
    .addHelpText(
      'after',
      `
Each address for itself: what is wrong with one stops no other, and ends the command with 1. Who is
invited already gets a new link. The mails are sent by the server.

Examples:
  $ tenantry invite mary@example.com --tenant jackson-labs --role admin
  $ tenantry invite --tenant jackson-labs --json -- mary@example.com joe@example.com`,
    )
    .action(async (emails, options) => {
      const { runInvite } = await import('../actions/invite.ts');
      await runInvite(emails, options);
    });
}
