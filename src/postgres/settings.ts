import { chown, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Account } from './account.ts';
import type { ClusterFolders } from './folders.ts';

/** The settings of the server. */
export type ServerSettings = {
  /** The shipped configuration file. It is copied at each start, so a change applies from the next start on. */
  settingsFile: string;
  /** Settings that override that file, by PostgreSQL's names. */
  overrides: Readonly<Record<string, string>>;
};

/**
 * Writes the cluster's configuration. The shipped file is copied and not included, because the account that runs the
 * server may have no access to it.
 */
export async function writeSettings(
  { pgData }: ClusterFolders,
  account: Account,
  { settingsFile, overrides, port }: ServerSettings & { port: number },
): Promise<void> {
  const shipped = await readFile(settingsFile, 'utf8');
  const text = formatSettings(shipped, {
    // No socket, because its path could be too long.
    unix_socket_directories: '',
    ...overrides,
    // This machine only.
    listen_addresses: '127.0.0.1',
    port: String(port),
    // Messages are parsed if a start fails.
    lc_messages: 'C',
  });
  const file = path.join(pgData, 'postgresql.conf');
  await writeFile(file, text, { mode: 0o600 });
  if (account.kind === 'postgres') await chown(file, account.uid, account.gid);
}

/** The shipped text followed by the overrides: PostgreSQL uses the last value. */
export function formatSettings(
  shipped: string,
  settings: Readonly<Record<string, string>>,
): string {
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`,
  );
  return ['# Rewritten at each start: edit the shipped file instead.', shipped, ...lines]
    .join('\n')
    .concat('\n');
}
