import type { Command } from 'commander';
import { createProgram } from '../../src/cli/main.ts';

/** What a command does to a database that was there before. */
export type Manner = {
  /** After the name of the command. */
  args: string[];
  /** `migrates` it first · `current` works at this version only · `any` reads no table · `replaces` it. */
  schema: 'migrates' | 'current' | 'any' | 'replaces';
  /** Changes no row either. */
  reads?: true;
};

/** Somebody, some tenant: commands fail for want of them only after they have opened the database. */
const uuid = '00000000-0000-7000-8000-000000000000';
const look = (...args: string[]): Manner => ({ args, schema: 'current', reads: true });
const change = (...args: string[]): Manner => ({ args, schema: 'current' });

/** Every command that opens a database; `findUnlisted` makes sure that none is missing. */
export const manners: Readonly<Record<string, Manner>> = {
  serve: { args: [], schema: 'migrates' },
  migrate: { args: [], schema: 'migrates' },
  seed: { args: ['--users', '2'], schema: 'migrates' },
  backup: { args: ['/nowhere/at/all'], schema: 'any', reads: true },
  restore: { args: ['/nowhere/at/all', '--yes'], schema: 'replaces' },
  'admin create': change('--email', 'nobody@example.com', '--password-stdin', '--yes'),
  'tenant list': look(),
  'tenant show': look('acme'),
  'tenant create': change('--name', 'Acme', '--owner', 'nobody@example.com'),
  'tenant suspend': change('acme'),
  'tenant resume': change('acme'),
  'tenant delete': change('acme', '--yes'),
  'tenant restore': change('acme'),
  'user list': look(),
  'user show': look('nobody@example.com'),
  'user suspend': change('nobody@example.com'),
  'user reinstate': change('nobody@example.com'),
  'user erase': change('nobody@example.com', '--yes'),
  'user import': change('/dev/null', '--format', 'csv'),
  'user export': look(),
  'session list': look('--user', 'nobody@example.com'),
  'session revoke': change('--user', 'nobody@example.com', '--yes'),
  invite: change('nobody@example.com', '--tenant', 'acme', '--role', 'member'),
  'key list': look('--tenant', 'acme'),
  'key create': change('--tenant', 'acme', '--name', 'CI', '--permission', 'members:read'),
  'key revoke': change(uuid, '--yes'),
  'audit tail': look('--tenant', uuid),
  'audit export': look('--tenant', uuid),
  'audit verify': look(),
  'db all': look(),
  'db slow': look(),
  'db indexes': look(),
  'db connections': look(),
  'db cache': look(),
  'db auth': look(),
  'db tables': look(),
  'db advice': look(),
  'db cleanup': change(),
};

/** Commands that need no database. */
const withoutDatabase = ['schema'];

/** Names of commands that the table above does not have. */
export async function findUnlisted(): Promise<string[]> {
  const known = new Set([...Object.keys(manners), ...withoutDatabase]);
  return listLeaves(await createProgram(() => undefined)).filter((name) => !known.has(name));
}

function listLeaves(command: Command, path: string[] = []): string[] {
  if (command.commands.length === 0) return [path.join(' ')];
  return command.commands.flatMap((sub) => listLeaves(sub, [...path, sub.name()]));
}
