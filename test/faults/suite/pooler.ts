import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { findFreePort } from '../../../src/db/embedded/port.ts';
import { waitUntil } from '../../support/child.ts';
import type { Fault } from '../../support/faults/fault.ts';
import { pass } from '../../support/faults/stage.ts';

const run = promisify(execFile);

/** Four connections for twelve clients of four tenants: whatever sticks to a connection would show. */
export const fault: Fault = {
  name: 'a transaction pooler (pgbouncer) in between',
  findObstacle: async () => {
    const output = await run('pgbouncer', ['--version']).catch(() => null);
    const [, major, minor] = /PgBouncer (\d+)\.(\d+)/.exec(output?.stdout ?? '') ?? [];
    if (major === undefined) return 'there is no pgbouncer on the PATH';
    const isNewEnough = Number(major) > 1 || Number(minor) >= 21;
    return isNewEnough ? null : `pgbouncer ${major}.${minor} has no prepared statements (1.21 has)`;
  },
  needs: { between: startPooler },
  async inject(_stage, { isQuick }) {
    await pass(isQuick ? 3 : 20);
    return undefined;
  },
  expectation: { words: 'no scope sticks to a connection', codes: [] },
};

async function startPooler(appUrl: string) {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-pooler-'));
  await chmod(folder, 0o755);
  const { hostname, port, username, password, pathname } = new URL(appUrl);
  const ownPort = await findFreePort();
  await writeFile(path.join(folder, 'users.txt'), `"${username}" "${password}"\n`);
  await writeFile(
    path.join(folder, 'pgbouncer.ini'),
    [
      '[databases]',
      `${pathname.slice(1)} = host=${hostname} port=${port}`,
      '[pgbouncer]',
      `listen_addr = 127.0.0.1`,
      `listen_port = ${ownPort}`,
      'unix_socket_dir =',
      'auth_type = plain',
      `auth_file = ${folder}/users.txt`,
      'pool_mode = transaction',
      'default_pool_size = 4',
      'max_prepared_statements = 500',
      'ignore_startup_parameters = statement_timeout,lock_timeout,idle_in_transaction_session_timeout',
    ].join('\n'),
  );
  const asUser = process.getuid?.() === 0 ? ['-u', 'postgres'] : [];
  const pooler = spawn('pgbouncer', ['-q', ...asUser, `${folder}/pgbouncer.ini`], {
    stdio: 'ignore',
  });
  const url = new URL(appUrl);
  url.port = String(ownPort);
  await waitUntil(() => canConnect(url.href));
  return {
    url: url.href,
    async close() {
      const ended = once(pooler, 'exit');
      pooler.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function canConnect(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  return client.connect().then(
    () => client.end().then(() => true),
    () => false,
  );
}
