import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../src/lib/log.ts';
import { hasProcess } from '../../src/lib/process-token.ts';
import { startEmbedded } from '../../src/postgres/start.ts';
import { startChild, waitUntil } from '../support/child.ts';

const settingsFile = fileURLToPath(new URL('../../src/postgres/postgresql.conf', import.meta.url));
const isLinux = process.platform === 'linux';
const isRoot = process.getuid?.() === 0;

/** A new data folder, which is removed after the test together with a server that still runs there. */
async function createDataDir(): Promise<string> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'tenantry-embedded-'));
  onTestFinished(async () => {
    const pid = await readPostmasterPid(dataDir);
    if (pid > 0 && hasProcess(pid)) await killAndWait(pid, 'SIGQUIT');
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
  });
  return dataDir;
}

const start = (dataDir: string, more: Partial<Parameters<typeof startEmbedded>[0]> = {}) =>
  startEmbedded({ dataDir, settingsFile, log: silentLog, overrides: { fsync: 'off' }, ...more });

function startChildServer(dataDir: string) {
  return startChild(`
    import { startEmbedded } from '#root/src/postgres/start.ts';
    import { silentLog } from '#root/src/lib/log.ts';
    const options = { dataDir: ${JSON.stringify(dataDir)}, log: silentLog };
    const settingsFile = ${JSON.stringify(settingsFile)};
    const cluster = await startEmbedded({ ...options, settingsFile });
    process.on('SIGTERM', () => cluster.stop().then(() => process.exit(0)));
    setInterval(() => undefined, 1_000);
    console.log(cluster.port);
  `);
}

async function readPostmasterPid(dataDir: string): Promise<number> {
  const file = path.join(dataDir, 'postgres', 'postmaster.pid');
  return Number.parseInt(await readFile(file, 'utf8').catch(() => '0'), 10);
}

async function killAndWait(pid: number, signal: NodeJS.Signals): Promise<void> {
  process.kill(pid, signal);
  await waitUntil(async () => !hasProcess(pid));
}

async function query(ownerUrl: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    const { rows } = await client.query({ text: sql, rowMode: 'array' });
    return rows.flat();
  } finally {
    await client.end();
  }
}

test('a second start opens the existing data', async () => {
  const dataDir = await createDataDir();
  const first = await start(dataDir);
  await query(first.ownerUrl, 'create table kept (x int)');
  await first.stop();
  const second = await start(dataDir);
  expect(await query(second.ownerUrl, `select to_regclass('kept')::text`)).toEqual(['kept']);
  await second.stop();
  await second.stop();
  expect(await readPostmasterPid(dataDir)).toBe(0);
});

test('the server has tuned settings, checksums and the C.UTF-8 locale, and listens on 127.0.0.1 with a password', async () => {
  const cluster = await start(await createDataDir());
  const values = await query(
    cluster.ownerUrl,
    `select current_setting(name) from unnest(array['listen_addresses', 'shared_buffers',
       'shared_preload_libraries', 'data_checksums', 'synchronous_commit', 'server_encoding'])
     with ordinality n(name, i) order by i`,
  );
  expect(values).toEqual(['127.0.0.1', '256MB', 'pg_stat_statements', 'on', 'on', 'UTF8']);
  const sql = `select datlocprovider, datlocale from pg_database where datname = 'tenantry'`;
  expect(await query(cluster.ownerUrl, sql)).toEqual(['b', 'C.UTF-8']);
  const wrong = new URL(cluster.ownerUrl);
  wrong.password = 'guess';
  await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  await cluster.stop();
});

test('a changed settings file takes effect at the next start', async () => {
  const dataDir = await createDataDir();
  await (await start(dataDir)).stop();
  const changed = path.join(dataDir, 'changed.conf');
  await writeFile(changed, await readFile(settingsFile));
  await appendFile(changed, "\nwork_mem = '5MB'\n");
  const cluster = await start(dataDir, { settingsFile: changed });
  expect(await query(cluster.ownerUrl, 'show work_mem')).toEqual(['5MB']);
  await cluster.stop();
});

test('the preferred port is used if it is free, and another one otherwise', async () => {
  const dataDir = await createDataDir();
  const blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const address = blocker.address();
  const port = address && typeof address === 'object' ? address.port : 0;
  const aside = await start(dataDir, { port });
  expect(aside.port).not.toBe(port);
  await aside.stop();
  blocker.close();
  await once(blocker, 'close');
  const preferred = await start(dataDir, { port });
  expect(preferred.port).toBe(port);
  await preferred.stop();
});

test('of ten concurrent starts on an empty folder one owns the server and all can use it', async () => {
  const dataDir = await createDataDir();
  const clusters = await Promise.all(Array.from({ length: 10 }, () => start(dataDir)));
  expect(clusters.filter(({ isOwner }) => isOwner)).toHaveLength(1);
  expect(new Set(clusters.map(({ ownerUrl }) => ownerUrl)).size).toBe(1);
  await Promise.all(clusters.map(({ stop }) => stop()));
  expect(await readPostmasterPid(dataDir)).toBe(0);
});

test('a second process uses the running server and does not stop it', async () => {
  const dataDir = await createDataDir();
  const owner = startChildServer(dataDir);
  const port = Number(await owner.firstLine);
  const guest = await start(dataDir);
  expect(guest).toMatchObject({ port, isOwner: false });
  await guest.stop();
  expect(await query(guest.ownerUrl, 'select 1')).toEqual([1]);
  expect(await owner.end()).toBe(0);
  expect(await readPostmasterPid(dataDir)).toBe(0);
});

test('a server whose owner was killed is adopted by the next process, which also stops it', async () => {
  const dataDir = await createDataDir();
  const owner = startChildServer(dataDir);
  const port = Number(await owner.firstLine);
  await owner.kill();
  const heir = await start(dataDir);
  expect(heir).toMatchObject({ port, isOwner: true });
  await heir.stop();
  expect(await readPostmasterPid(dataDir)).toBe(0);
});

test('a killed PostgreSQL loses no committed data', async () => {
  const dataDir = await createDataDir();
  const first = await start(dataDir, { overrides: {} });
  await query(first.ownerUrl, 'create table kept as select 1 as x');
  await killAndWait(await readPostmasterPid(dataDir), 'SIGKILL');
  const second = await start(dataDir);
  expect(await query(second.ownerUrl, 'select x from kept')).toEqual([1]);
  await second.stop();
});

test('a stale pid file whose pid belongs to another process does not prevent a start', async () => {
  const dataDir = await createDataDir();
  await start(dataDir);
  await killAndWait(await readPostmasterPid(dataDir), 'SIGKILL');
  const { uid } = await stat(path.join(dataDir, 'postgres'));
  const stranger: ChildProcess = spawn('sleep', ['60'], isRoot ? { uid } : {});
  onTestFinished(() => {
    stranger.kill();
  });
  const pidFile = path.join(dataDir, 'postgres', 'postmaster.pid');
  const [, ...rest] = (await readFile(pidFile, 'utf8')).split('\n');
  await writeFile(pidFile, [stranger.pid, ...rest].join('\n'));
  const cluster = await start(dataDir);
  expect(await query(cluster.ownerUrl, 'select 1')).toEqual([1]);
  await cluster.stop();
});

test('a first start that was killed half-way is repeated by the next start', async () => {
  const dataDir = await createDataDir();
  const listTemporaryFolders = async () =>
    (await readdir(dataDir)).filter((name) => name.startsWith('postgres.new-'));
  const first = startChildServer(dataDir);
  await waitUntil(async () => (await listTemporaryFolders()).length > 0);
  await first.kill();
  expect(await readdir(dataDir)).not.toContain('postgres');
  const cluster = await start(dataDir);
  expect(await query(cluster.ownerUrl, 'select 1')).toEqual([1]);
  await cluster.stop();
  await (await start(dataDir)).stop();
  expect(await listTemporaryFolders()).toEqual([]);
});

test('a folder that does not hold our cluster is rejected and left unchanged', async () => {
  const dataDir = await createDataDir();
  await mkdir(path.join(dataDir, 'postgres'));
  await writeFile(path.join(dataDir, 'postgres', 'precious'), 'data');
  await expect(start(dataDir)).rejects.toMatchObject({ name: 'EmbeddedError' });
  expect(await readdir(path.join(dataDir, 'postgres'))).toEqual(['precious']);
});

test.runIf(isLinux)('a Ctrl-C in the terminal does not reach the server', async () => {
  const dataDir = await createDataDir();
  const cluster = await start(dataDir);
  const session = async (pid: number) =>
    (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ')[3];
  const pid = await readPostmasterPid(dataDir);
  expect(await session(pid)).not.toBe(await session(process.pid));
  await cluster.stop();
});

test.runIf(isLinux && isRoot)(
  'the server runs for root in a folder that only root may enter, without the other privileges of root',
  async () => {
    // mkdtemp gives it mode 0700, like /root itself.
    const dataDir = path.join(await createDataDir(), 'inner');
    const cluster = await start(dataDir);
    const status = await readFile(`/proc/${await readPostmasterPid(dataDir)}/status`, 'utf8');
    expect(status).not.toMatch(/^Uid:\s+0/m);
    // Only CAP_DAC_OVERRIDE, bit 1.
    expect(status).toMatch(/^CapEff:\s+0000000000000002$/m);
    await cluster.stop();
  },
);
