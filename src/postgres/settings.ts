import { chown, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Account } from './account.ts';
import type { ClusterFolders } from './folders.ts';

/** The settings a server is started with. */
export type ServerSettings = {
  /** The shipped configuration file. It is copied at each start, so a change counts from then on. */
  settingsFile: string;
  /** Settings that win over that file, by PostgreSQL's own names. */
  overrides: Readonly<Record<string, string>>;
};

/**
 * Writes the cluster's configuration. The shipped file is copied and not included from where it
 * is, because the account that the server runs as may be unable to read it there.
 */
export async function writeSettings(
  { pgData }: ClusterFolders,
  account: Account,
  { settingsFile, overrides, port }: ServerSettings & { port: number },
): Promise<void> {
  const shipped = await readFile(settingsFile, 'utf8');
  const text = formatSettings(shipped, {
    // No socket file, whose path could be too long.
    unix_socket_directories: '',
    ...overrides,
    // Nobody beyond this machine.
    listen_addresses: '127.0.0.1',
    port: String(port),
    // The messages are read by program when a start fails.
    lc_messages: 'C',
  });
  const file = path.join(pgData, 'postgresql.conf');
  await writeFile(file, text, { mode: 0o600 });
  if (account.kind === 'postgres') await chown(file, account.uid, account.gid);
}

/** The shipped text followed by the settings that win over it: the last mention counts. */
export function formatSettings(
  shipped: string,
  settings: Readonly<Record<string, string>>,
): string {
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`,
  );
  return ['# Written anew at each start: changes belong into the shipped file.', shipped, ...lines]
    .join('\n')
    .concat('\n');
}
