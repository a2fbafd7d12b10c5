import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { findFreePort } from '../../src/postgres/port.ts';
import { waitUntil } from './child.ts';
import { findTool } from './tools.ts';

/** A PgBouncer in front of a PostgreSQL. */
export type Pooler = {
  /** The same URL, through the pooler. */
  reroute: (url: string) => string;
  /** Restarts on the same port with changed settings. */
  restart: (settings: PoolerSettings) => Promise<void>;
  close: () => Promise<void>;
};

/** Lines of pgbouncer.ini that differ from the ones below. */
export type PoolerSettings = Readonly<Record<string, string | number>>;

/** The path of PgBouncer; null with a warning if it is missing or older than 1.21, without prepared statements. */
export function findPgBouncer(): string | null {
  const program = findTool('pgbouncer');
  if (program === null) return null;
  const version = execFileSync(program, ['--version'], { encoding: 'utf8' });
  const [, major = 0, minor = 0] = (/PgBouncer (\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  if (major > 1 || minor >= 21) return program;
  console.warn(
    '*** NO PGBOUNCER FROM 1.21 ON: its tests are SKIPPED. ".ci/install-tools pgbouncer" gets it. ***',
  );
  return null;
}

/** Starts a pooler in transaction mode for the logins of these URLs. Other settings are the defaults, unless given. */
export async function startPooler(
  program: string,
  urls: readonly string[],
  settings: PoolerSettings = {},
): Promise<Pooler> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-pooler-'));
  const port = await findFreePort();
  await writeFile(path.join(folder, 'users.txt'), urls.map(formatUser).join(''));
  const { hostname, port: targetPort } = new URL(urls[0] ?? '');
  const start = async (changed: PoolerSettings) => {
    const values: PoolerSettings = {
      listen_addr: '127.0.0.1',
      listen_port: port,
      unix_socket_dir: '',
      auth_type: 'scram-sha-256',
      auth_file: path.join(folder, 'users.txt'),
      pool_mode: 'transaction',
      default_pool_size: 10,
      max_prepared_statements: 200,
      ...changed,
    };
    const lines = Object.entries(values).map(([name, value]) => `${name} = ${value}`);
    const file = path.join(folder, 'pgbouncer.ini');
    await writeFile(
      file,
      ['[databases]', `* = host=${hostname} port=${targetPort}`, '[pgbouncer]', ...lines].join(
        '\n',
      ),
    );
    return run(program, file);
  };
  // PgBouncer drops root privileges before it reads its files.
  await chmod(folder, 0o755);
  const reroute = (url: string) => {
    const routed = new URL(url);
    routed.hostname = '127.0.0.1';
    routed.port = String(port);
    return routed.href;
  };
  let end = await start(settings);
  const isUp = () => canConnect(reroute(urls[0] ?? ''));
  await waitUntil(isUp);
  return {
    reroute,
    async restart(changed) {
      await end();
      end = await start({ ...settings, ...changed });
      await waitUntil(isUp);
    },
    async close() {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function formatUser(url: string): string {
  const { username, password } = new URL(url);
  const quote = (text: string) => `"${decodeURIComponent(text).replaceAll('"', '""')}"`;
  return `${quote(username)} ${quote(password)}\n`;
}

function run(program: string, file: string): () => Promise<void> {
  const asUser = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const pooler = spawn(program, ['-q', ...asUser, file], { stdio: 'ignore' });
  const kill = () => pooler.kill('SIGKILL');
  process.once('exit', kill);
  return async () => {
    process.off('exit', kill);
    const ended = once(pooler, 'exit');
    pooler.kill('SIGKILL');
    await ended;
  };
}

/** Whether the login can connect. */
async function canConnect(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
