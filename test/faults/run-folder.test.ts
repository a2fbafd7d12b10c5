import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { hasProcess } from '../../src/lib/process-token.ts';
import { startChild, waitUntil } from '../support/child.ts';

/** A test run with a PostgreSQL in its folder and another child process. */
const run = `
  import { spawn } from 'node:child_process';
  import { tmpdir } from 'node:os';
  import { startEmbedded } from '#root/src/postgres/start.ts';
  import { silentLog } from '#root/src/lib/log.ts';
  import { openRunFolder } from '#root/test/support/run-folder.ts';
  await openRunFolder();
  const folder = tmpdir();
  const settingsFile = '#root/src/postgres/postgresql.conf'.replace('file://', '');
  const { ownerUrl } = await startEmbedded({ dataDir: folder + '/cluster', settingsFile, log: silentLog });
  const server = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
  console.log(JSON.stringify({ folder, serverPid: server.pid, port: new URL(ownerUrl).port }));
  setInterval(() => {}, 1_000);
`;

test.skipIf(process.platform === 'win32').each(['kill', 'end'] as const)(
  'a test run that is stopped by %s leaves no PostgreSQL, no other process and no folder behind',
  async (stop) => {
    const child = startChild(run);
    const { folder, serverPid, port } = JSON.parse(await child.firstLine);
    expect(existsSync(folder)).toBe(true);
    const isListening = () => fetch(`http://127.0.0.1:${port}`).then(() => true, isNotRefused);
    expect(await isListening()).toBe(true);
    await child[stop]();
    await waitUntil(async () => !existsSync(folder), 60);
    expect(hasProcess(serverPid)).toBe(false);
    expect(await isListening()).toBe(false);
  },
);

/** True if PostgreSQL closed the connection, which does not speak its protocol. */
function isNotRefused({ cause }: Error & { cause?: { code?: string } }): boolean {
  return cause?.code !== 'ECONNREFUSED';
}
