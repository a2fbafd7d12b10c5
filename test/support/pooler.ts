import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { findFreePort } from '../../src/postgres/port.ts';
import { waitUntil } from './child.ts';
import { findTool } from './tools.ts';

/** A real PgBouncer in front of a PostgreSQL. */
export type Pooler = {
  /** The same URL, led through the pooler. */
  lead: (url: string) => string;
  /** Takes new settings from now on, as an operator does who edits the file and restarts it at the same port. */
  restart: (settings: PoolerSettings) => Promise<void>;
  close: () => Promise<void>;
};

/** Lines of pgbouncer.ini that differ from the ones below. */
export type PoolerSettings = Readonly<Record<string, string | number>>;

/** The path of the program; null, said loudly, where there is none or it knows no prepared statements (before 1.21). */
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

/**
 * Starts one in transaction mode, which lets in whom the URLs name. Everything else is as it is shipped, save what
 * `settings` say.
 */
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
  // It gives up the rights of root before it reads its files.
  await chmod(folder, 0o755);
  const lead = (url: string) => {
    const led = new URL(url);
    led.hostname = '127.0.0.1';
    led.port = String(port);
    return led.href;
  };
  let end = await start(settings);
  const isUp = () => canConnect(lead(urls[0] ?? ''));
  await waitUntil(isUp);
  return {
    lead,
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
  const endWithUs = () => pooler.kill('SIGKILL');
  process.once('exit', endWithUs);
  return async () => {
    process.off('exit', endWithUs);
    const ended = once(pooler, 'exit');
    pooler.kill('SIGKILL');
    await ended;
  };
}

/** Whether it listens and knows the login; where it refuses what it is asked then, it is up all the same. */
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
