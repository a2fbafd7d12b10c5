import type { Command } from 'commander';
import { keepHeapSmall, restartWithOptions } from '../serve/process-options.ts';

/** `tenantry serve`: the server, until a signal ends it. */
export function addServe(program: Command, setExitCode: (code: number) => void): void {
  program
    .command('serve')
    .description('Start the API, and its own PostgreSQL unless DATABASE_URL names one.')
    .addHelpText(
      'after',
      `
Applies pending migrations, fills its own PostgreSQL, where that is empty, with a demo (on this machine
only). Ctrl-C or SIGTERM stops the server, and its own PostgreSQL with it.

Examples:
  $ tenantry serve
  $ PORT=8080 tenantry serve
  $ DATABASE_URL=postgresql://owner:secret@localhost/tenantry tenantry serve`,
    )
    .action(async () => {
      const { readConfig } = await import('../../config.ts');
      const config = readConfig();
      restartWithOptions();
      keepHeapSmall();
      const { serve } = await import('../serve/serve.ts');
      setExitCode(await serve(config));
    });
}
