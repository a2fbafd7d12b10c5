import type { Command } from 'commander';

/** `tenantry invite`: people who may join a tenant. */
export function addInvite(program: Command): void {
  program
    .command('invite')
    .description('Invite people to a tenant by mail.')
    .argument('<email...>', 'whom to invite, up to 100')
    .requiredOption('--tenant <tenant>', 'where to: slug or id')
    .option('--role <key...>', 'the roles they get, by key; the default role if left out')
    .option('--json', 'print one JSON object for each address')
    .addHelpText(
      'after',
      `
An address that fails does not stop the others; the exit code is 1 then. Anyone already invited gets a
new link. The server sends the mails.

Examples:
  $ tenantry invite mary@example.com --tenant jackson-labs --role admin
  $ tenantry invite --tenant jackson-labs --json -- mary@example.com joe@example.com`,
    )
    .action(async (emails, options) => {
      const { runInvite } = await import('../actions/invite.ts');
      await runInvite(emails, options);
    });
}
