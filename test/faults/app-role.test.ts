import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureAppRole } from '../../src/db/app-role.ts';
import { type EmbeddedCluster, startEmbedded } from '../../src/db/embedded/start.ts';
import { silentLog } from '../../src/db/log.ts';

// A cluster of its own: the role belongs to the whole cluster, and other tests are logged in as it.
let dataDir: string;
let cluster: EmbeddedCluster;
let owner: pg.Client;

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'tenantry-role-'));
  const settingsFile = fileURLToPath(new URL('../../src/db/postgresql.conf', import.meta.url));
  const overrides = { fsync: 'off' };
  cluster = await startEmbedded({ dataDir, settingsFile, overrides, log: silentLog });
  owner = new pg.Client({ connectionString: cluster.ownerUrl });
  await owner.connect();
});

afterAll(async () => {
  await owner.end();
  await cluster.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function askWho(url: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query('select current_user as "user"')).rows[0]?.user;
  } finally {
    await client.end();
  }
}

test('before the migrations it says that they are missing', async () => {
  await expect(ensureAppRole(cluster.ownerUrl)).rejects.toMatchObject({
    name: 'AppRoleError',
    message: expect.stringContaining('run the migrations first'),
  });
});

test('twenty starts at once all get a login that works', async () => {
  await owner.query('create role tenantry_app nologin');
  const urls = await Promise.all(Array.from({ length: 20 }, () => ensureAppRole(cluster.ownerUrl)));
  expect(new Set(urls).size).toBe(1);
  expect(await askWho(urls[0] ?? '')).toBe('tenantry_app');
});

test('a working login is left as it is, another password is put right', async () => {
  const readStored = async () =>
    (await owner.query(`select rolpassword from pg_authid where rolname = 'tenantry_app'`)).rows;
  const before = await readStored();
  await ensureAppRole(cluster.ownerUrl);
  expect(await readStored()).toEqual(before);
  await owner.query(`alter role tenantry_app password 'other'`);
  expect(await askWho(await ensureAppRole(cluster.ownerUrl))).toBe('tenantry_app');
});
