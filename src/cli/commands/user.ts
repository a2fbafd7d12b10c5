import type { Command } from 'commander';
import { addUserExport } from './user-export.ts';
import { addUserImport } from './user-import.ts';

/** `tenantry user`: people, whichever tenants they belong to. */
export function addUser(program: Command): void {
  const user = program
    .command('user')
    .description('Manage people.')
    .addHelpText('after', '\nExample:\n  $ tenantry user import people.csv');
  addUserImport(user);
  addUserExport(user);
}
