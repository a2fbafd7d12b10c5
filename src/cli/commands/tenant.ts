import { type Command, Option } from 'commander';
import { readCount } from '../arguments.ts';

const load = () => import('../actions/tenant.ts');

/** `tenantry tenant`: the whole life of a tenant. */
export function addTenant(program: Command): void {
  const tenant = program
    .command('tenant')
    .description('Create, look at, suspend, delete and restore tenants.')
    .addHelpText(
      'after',
      `
A tenant is named by its slug or its id. Works with and without a running server.

Examples:
  $ tenantry tenant list --status suspended
  $ tenantry tenant create --name "Jackson Labs" --owner mary@example.com
  $ tenantry tenant suspend jackson-labs`,
    );
  addList(tenant);
  addShow(tenant);
  addCreate(tenant);
  addSuspension(tenant);
  addDeletion(tenant);
}

function addList(tenant: Command): void {
  tenant
    .command('list')
    .description('List tenants, newest first.')
    .option('--search <text>', 'only those like this in slug or name, at least 3 characters')
    .addOption(
      new Option('--status <status>', 'only those in this state').choices([
        'active',
        'suspended',
        'pending_deletion',
      ]),
    )
    .option('--limit <number>', 'at most so many', readCount(1, 1e9))
    .option('--json', 'print one JSON object a line')
    .addHelpText(
      'after',
      `
Examples:
  $ tenantry tenant list --search jackson
  $ tenantry tenant list --json | jq -r .slug`,
    )
    .action(async (options) => (await load()).runList(options));
}

function addShow(tenant: Command): void {
  tenant
    .command('show')
    .description('Show a tenant with its owners, settings, limits and what it uses.')
    .argument('<tenant>', 'slug or id')
    .option('--json', 'print a JSON object')
    .addHelpText(
      'after',
      `
Example:
  $ tenantry tenant show jackson-labs`,
    )
    .action(async (name, options) => (await load()).runShow(name, options));
}

function addCreate(tenant: Command): void {
  tenant
    .command('create')
    .description('Create a tenant for somebody who has signed up.')
    .requiredOption('--name <name>', 'its name for people')
    .requiredOption('--owner <user>', 'who will own it: e-mail address or id')
    .option(
      '--slug <slug>',
      'its name in addresses; made from --name if left out, with a suffix where taken',
    )
    .option('--json', 'print the tenant as a JSON object')
    .addHelpText(
      'after',
      `
Examples:
  $ tenantry tenant create --name "Jackson Labs" --owner mary@example.com
  $ tenantry tenant create --name "Jackson Labs" --slug jackson --owner mary@example.com --json`,
    )
    .action(async (options) => (await load()).runCreate(options));
}

function addSuspension(tenant: Command): void {
  tenant
    .command('suspend')
    .description('Reject all access to a tenant at once, until it is resumed.')
    .argument('<tenant>', 'slug or id')
    .option('--json', 'print the tenant as a JSON object')
    .addHelpText(
      'after',
      `
Example:
  $ tenantry tenant suspend jackson-labs`,
    )
    .action(async (name, options) => (await load()).runSuspend(name, options));
  tenant
    .command('resume')
    .description('End the suspension of a tenant.')
    .argument('<tenant>', 'slug or id')
    .option('--json', 'print the tenant as a JSON object')
    .addHelpText(
      'after',
      `
Example:
  $ tenantry tenant resume jackson-labs`,
    )
    .action(async (name, options) => (await load()).runResume(name, options));
}

function addDeletion(tenant: Command): void {
  tenant
    .command('delete')
    .description('Close a tenant at once and have it erased after TENANT_DELETION_GRACE_DAYS.')
    .argument('<tenant>', 'slug or id')
    .option('--confirm-slug <slug>', 'its slug once more, instead of being asked for it')
    .option('--yes', 'do not ask')
    .option('--json', 'print the tenant as a JSON object')
    .addHelpText(
      'after',
      `
Until it is erased it can be restored, as it was.

Examples:
  $ tenantry tenant delete jackson-labs
  $ tenantry tenant delete jackson-labs --confirm-slug jackson-labs --json`,
    )
    .action(async (name, options) => (await load()).runDelete(name, options));
  tenant
    .command('restore')
    .description('Undo the deletion of a tenant within the grace period.')
    .argument('<tenant>', 'slug or id')
    .option('--json', 'print the tenant as a JSON object')
    .addHelpText(
      'after',
      `
Example:
  $ tenantry tenant restore jackson-labs`,
    )
    .action(async (name, options) => (await load()).runRestore(name, options));
}
