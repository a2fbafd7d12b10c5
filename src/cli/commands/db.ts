import type { Command } from 'commander';
import { readCount } from '../arguments.ts';

const load = () => import('../actions/db.ts');

const sections = [
  [
    'connections',
    'How many connections are in use, how many may be, and how many idle in transactions.',
  ],
  ['cache', 'How much of what was read came out of memory.'],
  ['auth', 'Sign-ins, errors, active and new users of the last days.'],
  ['tables', 'Size, dead rows and last cleaning of every table, the largest first.'],
  ['advice', 'What should be changed: which statement, table, index or setting, and how.'],
] as const;

/** `tenantry db`: how the database is doing. */
export function addDb(program: Command): void {
  const db = program
    .command('db')
    .description('See how the database is doing, and delete what has expired.')
    .addHelpText(
      'after',
      `
Statistics are PostgreSQL’s own, since they were last reset.

Examples:
  $ tenantry db all
  $ tenantry db slow --limit 5
  $ tenantry db indexes --unused --json`,
    );
  addJson(db.command('all').description('All of the below but cleanup.')).action(async (options) =>
    (await load()).runAll(options),
  );
  addSlow(db);
  addIndexes(db);
  for (const [name, description] of sections) {
    addJson(db.command(name).description(description)).action(async (options) =>
      (await load()).runSection(name, options),
    );
  }
  addCleanup(db);
}

function addSlow(db: Command): void {
  addJson(db.command('slow').description('Statements that are slow on average, the slowest first.'))
    .option('--limit <number>', 'at most so many', readCount(1, 100), 20)
    .option('--min-ms <number>', 'from this mean on', readCount(0, 1e9), 100)
    .action(async (options) => (await load()).runSlow(options));
}

function addIndexes(db: Command): void {
  addJson(db.command('indexes').description('Every index with its use, the least used first.'))
    .option('--unused', 'only what no statement used and what keeps nothing unique')
    .action(async (options) => (await load()).runIndexes(options));
}

function addCleanup(db: Command): void {
  addJson(
    db
      .command('cleanup')
      .description('Delete what has expired, as the server does by itself, and say how much.'),
  ).action(async (options) => (await load()).runCleanup(options));
}

function addJson(command: Command): Command {
  return command.option('--json', 'print JSON: one object a line');
}
