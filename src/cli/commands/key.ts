import type { Command } from 'commander';
import { readCount } from '../arguments.ts';

const load = () => import('../actions/key.ts');

/** `tenantry key`: credentials of programs. */
export function addKey(program: Command): void {
  const key = program
    .command('key')
    .description('Create, look at and revoke API keys, by which programs act in a tenant.')
    .addHelpText(
      'after',
      `
Examples:
  $ tenantry key create --tenant jackson-labs --name CI --permission members:read
  $ tenantry key list --tenant jackson-labs`,
    );
  addCreate(key);
  addList(key);
  addRevoke(key);
}

function addCreate(key: Command): void {
  key
    .command('create')
    .description('Create a key and print it, alone on standard output. It is not shown again.')
    .requiredOption('--tenant <tenant>', 'where it acts: slug or id')
    .requiredOption('--name <name>', 'what it is for')
    .requiredOption('--permission <permission...>', 'what it may do, such as members:read')
    .option(
      '--creator <user>',
      'member whose permissions limit it (the owner, if there is only one)',
    )
    .option('--days <number>', 'how long it is valid, at most 365 (90)', readCount(1, 365))
    .option('--json', 'print {"apiKey", "secret"}')
    .addHelpText(
      'after',
      `
A key never does more than its creator may do at that moment, and ends with its creator.

Examples:
  $ KEY=$(tenantry key create --tenant jackson-labs --name CI --permission members:read)
  $ tenantry key create --tenant jackson-labs --name Audit --permission audit:read tenant:read \\
      --creator mary@example.com --days 30 --json`,
    )
    .action(async (options) => (await load()).runCreate(options));
}

function addList(key: Command): void {
  key
    .command('list')
    .description('List the keys of a tenant, newest first, including revoked and expired ones.')
    .requiredOption('--tenant <tenant>', 'slug or id')
    .option('--limit <number>', 'at most so many', readCount(1, 1e9))
    .option('--json', 'print one JSON object a line')
    .addHelpText(
      'after',
      `
Example:
  $ tenantry key list --tenant jackson-labs --json | jq -r .lastUsedAt`,
    )
    .action(async (options) => (await load()).runList(options));
}

function addRevoke(key: Command): void {
  key
    .command('revoke')
    .description('End a key at once, on every server, for good.')
    .argument('<key>', 'the id of the key, not the key itself')
    .option('--yes', 'do not ask')
    .option('--json', 'print the key as a JSON object')
    .addHelpText(
      'after',
      `
Example:
  $ tenantry key revoke key_0199f3a1c2d47e0b8a4c5d6e7f8091120199f3a1b5e67d3c9b2a4f6e8d7c0b1a`,
    )
    .action(async (id, options) => (await load()).runRevoke(id, options));
}
