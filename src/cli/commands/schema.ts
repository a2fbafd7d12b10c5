import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { printResult } from '../output.ts';

/** `tenantry schema`: the public schema, for tools that make types of it. */
export function addSchema(program: Command): void {
  program
    .command('schema')
    .description('Print the GraphQL schema of this version.')
    .addHelpText(
      'after',
      `
Needs no server and no database.

Example:
  $ tenantry schema > tenantry.graphql`,
    )
    .action(async () => {
      const text = await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8');
      printResult(text.trimEnd());
    });
}
