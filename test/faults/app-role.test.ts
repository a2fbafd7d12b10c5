import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureAppRole } from '../../src/db/serving/app-role.ts';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/cluster.ts';
import { rolesOf } from '../support/serving.ts';

let database: TestDatabase;
let owner: pg.Client;
let role: string;

beforeAll(async () => {
  database = await createTestDatabase();
  role = rolesOf(database.ownerUrl).app;
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
});

afterAll(async () => {
  await owner.end();
  await database.drop();
});

async function readCurrentUser(url: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query('select current_user as "user"')).rows[0]?.user;
  } finally {
    await client.end();
  }
}

test('the serving login cannot be created before the migrations, and the error says so', async () => {
  const empty = await createEmptyDatabase();
  await expect(ensureAppRole(empty.ownerUrl)).rejects.toMatchObject({
    name: 'AppRoleError',
    message: expect.stringContaining('run the migrations first'),
  });
  await empty.drop();
});

test('twenty concurrent starts all get the same working login', async () => {
  await owner.query(`alter role ${role} nologin password null`);
  const urls = await Promise.all(
    Array.from({ length: 20 }, () => ensureAppRole(database.ownerUrl)),
  );
  expect(new Set(urls).size).toBe(1);
  expect(await readCurrentUser(urls[0] ?? '')).toBe(role);
});

test('a working login is left unchanged, and a changed password is reset', async () => {
  const readStored = async () =>
    (await owner.query('select rolpassword from pg_authid where rolname = $1', [role])).rows;
  const before = await readStored();
  await ensureAppRole(database.ownerUrl);
  expect(await readStored()).toEqual(before);
  await owner.query(`alter role ${role} password 'other'`);
  expect(await readCurrentUser(await ensureAppRole(database.ownerUrl))).toBe(role);
});
