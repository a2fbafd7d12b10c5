import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A server of the run's own, on a database of its own. */
export type Stand = {
  url: string;
  /** Who there is to sign in as; for the scenarios' environment. */
  environment: Record<string, string>;
  end: () => Promise<void>;
};

const tenantry = fileURLToPath(new URL('../../src/cli/tenantry.js', import.meta.url));
const adminEmail = 'k6-admin@example.com';

/**
 * Makes a database with made-up people in a temporary folder, and starts the server on it as production
 * does: row security, audit, limits and logging as shipped. Only the time of the hash is told besides.
 * Throws where a step fails; nothing stays behind then.
 */
export async function startStand(options: { users: number; logFile: string }): Promise<Stand> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-k6-'));
  try {
    return await start(folder, options);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

type Seeded = { sampleEmails: string[]; password: string; largestTenant: { slug: string } };

async function start(folder: string, { users, logFile }: { users: number; logFile: string }) {
  // The same secret all along: the database holds things that were made with it.
  const common = {
    TENANTRY_DATA_DIR: path.join(folder, 'data'),
    TENANTRY_SECRET: randomBytes(32).toString('hex'),
  };
  const adminPassword = randomBytes(48).toString('base64url');
  // In production nobody may sign in as a seeded user, and somebody has to list the members.
  const seeded = JSON.parse(
    await run(folder, ['seed', '--users', `${users}`, '--json'], { ...common, DEMO: 'off' }),
  ) as Seeded;
  const create = ['admin', 'create', '--email', adminEmail, '--password-stdin'];
  await run(folder, create, { ...common, NODE_ENV: 'production' }, `${adminPassword}\n`);
  const server = spawnTenantry(folder, ['serve'], {
    ...common,
    NODE_ENV: 'production',
    PORT: '0',
    SERVER_TIMING: 'on',
  });
  const origin = await readOrigin(server, logFile);
  return {
    url: `${origin}/graphql`,
    environment: {
      LOAD_ADMIN_EMAIL: adminEmail,
      LOAD_ADMIN_PASSWORD: adminPassword,
      LOAD_MEMBERS_EMAIL: seeded.sampleEmails[0] ?? '',
      LOAD_MEMBERS_PASSWORD: seeded.password,
      LOAD_MEMBERS_SLUG: seeded.largestTenant.slug,
    },
    async end() {
      if (server.exitCode === null && server.signalCode === null) {
        const ended = once(server, 'exit');
        server.kill('SIGTERM');
        await ended;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Of the environment only what a program needs: settings of another server are not ours. */
function spawnTenantry(cwd: string, args: string[], settings: Record<string, string>) {
  const { PATH, HOME, SystemRoot, TEMP } = process.env;
  // Detached, so that a Ctrl-C reaches k6 alone, whose teardown still needs the server.
  return spawn(process.execPath, [tenantry, ...args], {
    cwd,
    env: { PATH, HOME, SystemRoot, TEMP, ...settings },
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
}

/** Runs a command to its end and returns what it printed. */
async function run(
  cwd: string,
  args: string[],
  settings: Record<string, string>,
  input = '',
): Promise<string> {
  const child = spawnTenantry(cwd, args, settings);
  child.stdin.end(input);
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  const [code] = await once(child, 'close');
  if (code === 0) return printed;
  throw new Error(`tenantry ${args.slice(0, 2).join(' ')} ended with ${code}`);
}

/** Waits for the line that says where the server is; its whole log goes into the file. */
async function readOrigin(server: ChildProcess, logFile: string): Promise<string> {
  const { stdout } = server;
  if (!stdout) throw new Error('the server has no output');
  stdout.pipe(createWriteStream(logFile));
  const lines = createInterface({ input: stdout });
  for await (const line of lines) {
    const url = /"url":"(http[^"]+)"/.exec(line)?.[1];
    if (url) return url;
  }
  throw new Error(`the server ended before it was ready; see ${logFile}`);
}
