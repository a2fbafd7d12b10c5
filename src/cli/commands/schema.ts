import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { printJson, printResult } from '../output.ts';

/** `tenantry schema`: the public schema, for tools that make types of it. */
export function addSchema(program: Command): void {
  program
    .command('schema')
    .description('Print the GraphQL schema of this version.')
    .option('--json', 'print the answer to an introspection query instead of SDL')
    .addHelpText(
      'after',
      `
Needs no server and no database.

Examples:
  $ tenantry schema > tenantry.graphql
  $ tenantry schema --json > tenantry.introspection.json`,
    )
    .action(async ({ json = false }: { json?: boolean }) => {
      const text = await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8');
      if (json) printJson(await introspect(text));
      else printResult(text.trimEnd());
    });
}

/** As a server answers it, for tools that read nothing else. */
async function introspect(sdl: string) {
  const { buildSchema, introspectionFromSchema } = await import('graphql');
  return { data: introspectionFromSchema(buildSchema(sdl)) };
}
