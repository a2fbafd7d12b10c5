import type { Command } from 'commander';
import { printJson, printResult } from '../output.ts';

/** `tenantry migrate`: brings the database up to date, as every start of the server does. */
export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description('Bring the database up to date and exit.')
    .option('--json', 'print {"applied": [names]}')
    .addHelpText(
      'after',
      `
Safe to run twice, by several at once, and to interrupt.

Examples:
  $ tenantry migrate
  $ DATABASE_URL=postgresql://owner:secret@localhost/tenantry tenantry migrate --json`,
    )
    .action(async ({ json = false }: { json?: boolean }) => {
      const { withMigratedDatabase } = await import('../with-database.ts');
      await withMigratedDatabase(async ({ applied }) => {
        if (json) printJson({ applied });
        else if (applied.length === 0) printResult('The database is up to date.');
        else printResult(['Applied:', ...applied.map((name) => `  ${name}`)].join('\n'));
      });
    });
}
