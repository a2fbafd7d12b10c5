import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { findFreePort } from '../../src/postgres/port.ts';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/cluster.ts';
import {
  createDataDir,
  findPostgres,
  runTenantry,
  type Served,
  signalOnce,
  spawnScript,
  spawnTenantry,
  startServing,
} from './fixture.ts';

const password = 'a heron over the pond';
const signIn = (email: string, typed: string) => `mutation {
  signIn(input: { email: "${email}", password: "${typed}" }) {
    ... on SignInSuccess { token user { name } } ... on Error { code } } }`;

describe('with its own PostgreSQL', () => {
  let dataDir: string;
  let remove: () => Promise<void>;
  beforeAll(async () => {
    ({ dataDir, remove } = await createDataDir());
  });
  afterAll(() => remove());

  const serve = () => startServing({ TENANTRY_DATA_DIR: dataDir });

  test('the first start seeds the demo, responds, and leaves no process behind at SIGTERM', async () => {
    const server = await serve();
    expect(await server.ask('{ viewer { user { id } } }')).toEqual({ data: { viewer: null } });
    const { data } = await server.ask(signIn('ada@acme.example', 'demo-password-for-ada'));
    expect(data.signIn.user).toEqual({ name: 'Ada Lovelace' });
    const { code, stdout, stderr } = await server.end('SIGTERM');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('demo-password-for-root');
    expect(stdout).not.toMatch(/postgresql:\/\/[^@\s]*:[^@\s]+@/);
    expect(await findPostgres(dataDir)).toBeNull();
  });

  test('an acknowledged change survives a kill -9, and the demo is seeded once', async () => {
    const killed = await serve();
    const { data } = await killed.ask(`mutation {
      signUp(input: { email: "kept@firm.example", password: "${password}" }) {
        ... on SignUpSuccess { token } ... on Error { code message } } }`);
    await killed.end('SIGKILL');
    const server = await serve();
    const { data: kept } = await server.ask('{ viewer { user { email } } }', data.signUp.token);
    expect(kept.viewer.user.email).toBe('kept@firm.example');
    expect(await countUsers(server)).toBe(12);
    // As npm and the launcher forward one Ctrl-C.
    const { code } = await server.end('SIGINT', 'SIGINT', 'SIGTERM');
    expect(code).toBe(0);
    expect(await findPostgres(dataDir)).toBeNull();
  });

  test('several workers share it, and leave no process behind at SIGTERM', async () => {
    const server = await startServing({ TENANTRY_DATA_DIR: dataDir, WEB_CONCURRENCY: '2' });
    const { data } = await server.ask(signIn('ada@acme.example', 'demo-password-for-ada'));
    expect(data.signIn.user).toEqual({ name: 'Ada Lovelace' });
    const { code, stdout, stderr } = await server.end('SIGTERM');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.match(/is ready/g)).toHaveLength(1);
    expect(await findPostgres(dataDir)).toBeNull();
  });

  test('a signal during the start shuts it down cleanly', async () => {
    const child = spawnTenantry(['serve'], { PORT: '0', TENANTRY_DATA_DIR: dataDir });
    const { code, stdout } = await signalOnce(/PostgreSQL started/, 'SIGTERM', child);
    expect(code).toBe(0);
    expect(stdout).toContain('stopped');
    expect(await findPostgres(dataDir)).toBeNull();
  });

  test('a command uses the database of a running server and leaves it running', async () => {
    const server = await serve();
    const { code, stdout } = await runTenantry(['migrate', '--json'], {
      TENANTRY_DATA_DIR: dataDir,
    });
    expect({ code, data: JSON.parse(stdout) }).toEqual({ code: 0, data: { applied: [] } });
    expect(await countUsers(server)).toBe(12);
    await server.end('SIGTERM');
  });

  test('an interrupted command stops the database that it started', async () => {
    const child = spawnTenantry(['seed', '--users', '40000'], { TENANTRY_DATA_DIR: dataDir });
    const { code, stderr } = await signalOnce(/ of 40,000 users/, 'SIGINT', child);
    expect(code).toBe(1);
    expect(stderr).toContain('Stopped before the end.');
    expect(await findPostgres(dataDir)).toBeNull();
  });
});

async function countUsers(server: Served): Promise<number> {
  const { data } = await server.ask(signIn('root@tenantry.example', 'demo-password-for-root'));
  const found = await server.ask('{ users { totalCount } }', data.signIn.token);
  return found.data.users.totalCount;
}

describe('with an external database', () => {
  async function createEnvironment({ ownerUrl }: TestDatabase) {
    const { dataDir, remove } = await createDataDir();
    onTestFinished(remove);
    return { PORT: '0', DATABASE_URL: ownerUrl, TENANTRY_DATA_DIR: dataDir };
  }

  async function createDatabase(create: () => Promise<TestDatabase>) {
    const database = await create();
    onTestFinished(() => database.drop());
    return database;
  }

  test('an empty database is migrated and used, and no embedded one is started', async () => {
    const env = await createEnvironment(await createDatabase(createEmptyDatabase));
    const server = await startServing({ ...env, DEMO: 'off' });
    expect(await server.ask('{ viewer { user { id } } }')).toEqual({ data: { viewer: null } });
    const { code, stdout } = await server.end('SIGINT');
    expect(code).toBe(0);
    expect(stdout).not.toContain('demo-password');
    expect(existsSync(path.join(env.TENANTRY_DATA_DIR, 'postgres'))).toBe(false);
  });

  test.runIf(process.platform === 'linux').each([
    ['by default', {}, ['2', '--max-semi-space-size=8']],
    [
      'with explicit options',
      { MALLOC_ARENA_MAX: '5', NODE_OPTIONS: '--max-semi-space-size=12' },
      ['5', '--max-semi-space-size=12'],
    ],
  ])(
    'the server uses options for low memory in the same process, %s',
    async (_, overrides, expected) => {
      const env = await createEnvironment(await createDatabase(createTestDatabase));
      const server = await startServing({ ...env, ...overrides, DEMO: 'off' });
      const read = async (file: string) =>
        (await readFile(`/proc/${server.pid}/${file}`, 'utf8')).split('\0');
      const environment = await read('environ');
      const options = [...(await read('cmdline')), ...environment].join(' ');
      expect(environment).toContain(`MALLOC_ARENA_MAX=${expected[0]}`);
      expect(options.match(/--max-semi-space-size=\d+/g)).toEqual([expected[1]]);
      expect(await server.ask('{ viewer { user { id } } }')).toEqual({ data: { viewer: null } });
      const { code, stderr } = await server.end('SIGTERM');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    },
  );

  test('a serving login that bypasses row security is rejected', async () => {
    const database = await createDatabase(createTestDatabase);
    const env = await createEnvironment(database);
    const ended = await runTenantry(['serve'], { ...env, DATABASE_APP_URL: database.ownerUrl });
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/^error: The serving login postgres is a superuser.*\n$/);
  });

  test('an unreachable database is reported in one line and ends with 1', async () => {
    const port = await findFreePort();
    const ownerUrl = `postgresql://owner:secret@127.0.0.1:${port}/tenantry`;
    const ended = await runTenantry(['serve'], { PORT: '0', DATABASE_URL: ownerUrl });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toBe(
      `error: DATABASE_URL: nothing listens at 127.0.0.1:${port}: start PostgreSQL there, or correct host and port\n`,
    );
    expect(ended.stderr).not.toContain('secret');
  });

  test('an uncaught error shuts the server down cleanly and ends with 1', async () => {
    const { ownerUrl } = await createDatabase(createTestDatabase);
    const env = { PORT: '0', DATABASE_URL: ownerUrl, DEMO: 'off', TENANTRY_SECRET: 's'.repeat(40) };
    const child = spawnScript(
      `import { readConfig } from '#root/src/config.ts';
       import { serve } from '#root/src/cli/serve/serve.ts';
       process.on('SIGUSR2', () => void Promise.reject(new Error('nobody caught this')));
       process.exit(await serve(readConfig()));`,
      env,
    );
    const { code, stdout } = await signalOnce(/is ready/, 'SIGUSR2', child);
    expect(code).toBe(1);
    expect(stdout).toMatch(/FATAL[\s\S]*nobody caught this[\s\S]*at [\s\S]*stopped/);
  });
});

test('a port in use is reported in one line and ends with 1, before a database is started', async () => {
  const { dataDir, remove } = await createDataDir();
  const holder = createServer().listen(0, '127.0.0.1');
  onTestFinished(async () => {
    holder.close();
    await remove();
  });
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  const ended = await runTenantry(['serve'], {
    PORT: String(port),
    TENANTRY_DATA_DIR: path.join(dataDir, 'never-made'),
  });
  expect(ended).toMatchObject({ code: 1, stdout: '' });
  expect(ended.stderr).toMatch(new RegExp(`^error: Port ${port} on 127.0.0.1 is taken.*\n$`));
  expect(existsSync(path.join(dataDir, 'never-made'))).toBe(false);
});
