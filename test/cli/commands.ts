import type { Command } from 'commander';
import { createProgram } from '../../src/cli/main.ts';

/** The arguments of a command, and its effect on an existing database. */
export type CommandCase = {
  /** The arguments after the name of the command. */
  args: string[];
  /** `migrates` it first · `current` requires this version · `any` reads no table · `replaces` it. */
  schema: 'migrates' | 'current' | 'any' | 'replaces';
  /** Changes no row. */
  reads?: true;
};

/** An unknown id: commands fail on it only after they have opened the database. */
const uuid = '00000000-0000-7000-8000-000000000000';
const read = (...args: string[]): CommandCase => ({ args, schema: 'current', reads: true });
const change = (...args: string[]): CommandCase => ({ args, schema: 'current' });

/** Every command that opens a database; `findUnlisted` finds missing ones. */
export const commandCases: Readonly<Record<string, CommandCase>> = {
  serve: { args: [], schema: 'migrates' },
  migrate: { args: [], schema: 'migrates' },
  seed: { args: ['--users', '2'], schema: 'migrates' },
  backup: { args: ['/nowhere/at/all'], schema: 'any', reads: true },
  restore: { args: ['/nowhere/at/all', '--yes'], schema: 'replaces' },
  'admin create': change('--email', 'nobody@example.com', '--password-stdin', '--yes'),
  'tenant list': read(),
  'tenant show': read('acme'),
  'tenant create': change('--name', 'Acme', '--owner', 'nobody@example.com'),
  'tenant suspend': change('acme'),
  'tenant resume': change('acme'),
  'tenant delete': change('acme', '--yes'),
  'tenant restore': change('acme'),
  'user list': read(),
  'user show': read('nobody@example.com'),
  'user suspend': change('nobody@example.com'),
  'user reinstate': change('nobody@example.com'),
  'user erase': change('nobody@example.com', '--yes'),
  'user import': change('/dev/null', '--format', 'csv'),
  'user export': read(),
  'session list': read('--user', 'nobody@example.com'),
  'session revoke': change('--user', 'nobody@example.com', '--yes'),
  invite: change('nobody@example.com', '--tenant', 'acme', '--role', 'member'),
  'key list': read('--tenant', 'acme'),
  'key create': change('--tenant', 'acme', '--name', 'CI', '--permission', 'members:read'),
  'key revoke': change(uuid, '--yes'),
  'audit tail': read('--tenant', uuid),
  'audit export': read('--tenant', uuid),
  'audit verify': read(),
  'db all': read(),
  'db slow': read(),
  'db indexes': read(),
  'db connections': read(),
  'db cache': read(),
  'db auth': read(),
  'db tables': read(),
  'db advice': read(),
  'db cleanup': change(),
};

/** Commands that need no database. */
const withoutDatabase = ['schema'];

/** Returns the names of commands that are missing above. */
export async function findUnlisted(): Promise<string[]> {
  const known = new Set([...Object.keys(commandCases), ...withoutDatabase]);
  return listLeaves(await createProgram(() => undefined)).filter((name) => !known.has(name));
}

function listLeaves(command: Command, path: string[] = []): string[] {
  if (command.commands.length === 0) return [path.join(' ')];
  return command.commands.flatMap((sub) => listLeaves(sub, [...path, sub.name()]));
}
