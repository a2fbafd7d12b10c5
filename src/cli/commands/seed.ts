import type { Command } from 'commander';
import type { MigratedDatabase } from '../../app/open-database.ts';
import type { Config } from '../../config.ts';
import { readCount } from '../arguments.ts';
import { CommandError, UsageError } from '../errors.ts';
import { createCommandLog, printJson, printResult } from '../output.ts';
import { createProgress } from '../progress.ts';
import type { BulkResult } from '../seed/bulk.ts';
import { completeSize, type SeedSize } from '../seed/plan.ts';
import { formatCount } from '../table.ts';

type SeedOptions = Partial<SeedSize> & { yes?: boolean; json?: boolean };

/** `tenantry seed`: the demo, or any number of generated users. */
export function addSeed(program: Command): void {
  program
    .command('seed')
    .description('Fill the database: with the demo, or with --users with that many people.')
    .option('--users <number>', 'users to add', readCount(1, 50_000_000))
    .option('--tenants <number>', 'tenants to add (one per 50 users)', readCount(1, 1_000_000))
    .option('--memberships <number>', 'memberships to add (about 1.15 per user)', readCount(1, 1e9))
    .option('--sessions <number>', 'sessions to add (one per user)', readCount(0, 1e9))
    .option('--yes', 'also with NODE_ENV=production or a database on another machine')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Adds to what is there; every run has addresses and slugs of its own. Tenant sizes follow Zipf's law:
the largest holds about 5 % of all members. Seeded users share one password, which is printed; with
NODE_ENV=production nobody can sign in as one of them.

Examples:
  $ tenantry seed
  $ tenantry seed --users 100000
  $ tenantry seed --tenants 2000 --users 100000 --sessions 100000 --json`,
    )
    .action((options: SeedOptions) => (isBulk(options) ? runBulk(options) : runDemo(options)));
}

function isBulk({ users, tenants, memberships, sessions }: SeedOptions): boolean {
  return [users, tenants, memberships, sessions].some((count) => count !== undefined);
}

/** Loads the database's modules only when they are needed. */
async function withAllowedDatabase<T>(
  { yes = false }: SeedOptions,
  work: (database: MigratedDatabase, config: Config) => Promise<T>,
): Promise<T> {
  const { readConfig } = await import('../../config.ts');
  const { isLocalDatabase } = await import('../seed/place.ts');
  const config = readConfig();
  if (config.env === 'production' && !yes) {
    throw new CommandError('NODE_ENV is production: made-up people are added only with --yes.');
  }
  if (!isLocalDatabase(config) && !yes) {
    throw new CommandError(
      'DATABASE_URL is on another machine: made-up people are added there only with --yes.',
    );
  }
  const { withMigratedDatabase } = await import('../with-database.ts');
  return withMigratedDatabase(work);
}

async function runDemo(options: SeedOptions): Promise<void> {
  await withAllowedDatabase(options, async ({ ownerUrl }, config) => {
    const { seedDemo } = await import('../seed/demo.ts');
    if (!config.demo) {
      throw new CommandError(
        'The demo, whose passwords are published, is off here (DEMO, DATABASE_URL, NODE_ENV or HOST). ' +
          'Add people nobody knows the password of with --users.',
      );
    }
    const outcome = await seedDemo(ownerUrl, config, {
      isOnlyWhenEmpty: false,
      log: createCommandLog(),
    });
    if (outcome === 'partial') {
      throw new CommandError(
        'Some names of the demo are taken (people at acme.example or globex.example, the tenants ' +
          'acme and globex), so it cannot be added. An empty TENANTRY_DATA_DIR gets it whole.',
      );
    }
    const { formatDemo } = await import('../serve/welcome.ts');
    const { listDemoAccounts } = await import('../seed/demo-people.ts');
    if (options.json) printJson({ demo: outcome, accounts: listDemoAccounts() });
    else printResult([describeDemo(outcome), ...formatDemo()].join('\n'));
  });
}

function describeDemo(outcome: string): string {
  return outcome === 'made' ? 'The demo was added.' : 'The demo is there already.';
}

async function runBulk(options: SeedOptions): Promise<void> {
  const size = readSize(options);
  await withAllowedDatabase(options, async ({ ownerUrl }, config) => {
    const { seedInBulk } = await import('../seed/bulk.ts');
    const { createSharedPassword } = await import('../seed/shared-password.ts');
    const { password, passwordHash } = await createSharedPassword(config);
    const progress = createProgress('users', size.users);
    const lifetime = config.sessions;
    const onProgress = progress.add;
    const result = await seedInBulk(ownerUrl, {
      ...size,
      passwordHash,
      lifetime,
      onProgress,
      log: createCommandLog(),
    });
    if (options.json) printJson({ ...result, password });
    else printResult(formatBulk(result, password));
  });
}

function readSize({ users, tenants, memberships, sessions }: SeedOptions): SeedSize {
  if (users === undefined) throw new UsageError('Say how many with --users.');
  try {
    return completeSize({ users, tenants, memberships, sessions });
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

function formatBulk(result: BulkResult, password: string | null): string {
  const { slug, members } = result.largestTenant;
  const counts = [
    formatCount(result.tenants, 'tenant'),
    formatCount(result.users, 'user'),
    formatCount(result.memberships, 'membership'),
  ].join(', ');
  const lines = [
    `Added ${counts} and ${formatCount(result.sessions, 'session')} in ${result.seconds.toFixed(1)} s.`,
    `The largest tenant is ${slug} with ${formatCount(members, 'active member')}.`,
  ];
  if (password === null) lines.push('Nobody can sign in as one of them.');
  else lines.push(`Sign in for example as ${result.sampleEmails[0]} with "${password}".`);
  return lines.join('\n');
}
