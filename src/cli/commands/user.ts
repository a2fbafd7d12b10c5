import type { Command } from 'commander';
import { addUserImport } from './user-import.ts';

/** `tenantry user`: people, whichever tenants they belong to. */
export function addUser(program: Command): void {
  const user = program
    .command('user')
    .description('Manage people.')
    .addHelpText('after', '\nExample:\n  $ tenantry user import people.csv');
  addUserImport(user);
}
