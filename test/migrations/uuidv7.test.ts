import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate } from '../../src/db/migrate.ts';
import { silentLog } from '../../src/lib/log.ts';
import { createTestDatabase, type TestDatabase } from '../support/cluster.ts';

// PostgreSQL 18's own function, or migration 000's on 17: both have the same guarantees.

let database: TestDatabase;
let owner: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await database.drop();
});

const query = async <Row extends object>(sql: string) => (await owner.query<Row>(sql)).rows;

/** RFC 9562, section 5.7: 48 bits of Unix time in milliseconds in front. */
const readMs = (uuid: string) => Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16);
const readFraction = (uuid: string) => Number.parseInt(uuid.slice(15, 18), 16) / 4_096;

test('an id has the form of version 7 and the time of the server', async () => {
  const [row] = await query<{ id: string; before: number; after: number }>(
    `select floor(extract(epoch from statement_timestamp()) * 1000)::float8 as before, uuidv7() as id,
       ceil(extract(epoch from clock_timestamp()) * 1000)::float8 + 1 as after`,
  );
  expect(row?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(readMs(row?.id ?? '')).toBeGreaterThanOrEqual(row?.before ?? 0);
  expect(readMs(row?.id ?? '')).toBeLessThanOrEqual(row?.after ?? 0);
});

test('each id of a session is greater than the one before, even within a millisecond', async () => {
  const rows = await query<{ id: string }>('select uuidv7() as id from generate_series(1, 20000)');
  const ids = rows.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)].toSorted());
  const perMs = Map.groupBy(ids, readMs);
  // Ids of the same millisecond are ordered by the fraction after it.
  const sameMs = [...perMs.values()].find((one) => one.length > 1) ?? [];
  expect(sameMs.length).toBeGreaterThan(1);
  expect(sameMs.map(readFraction)).toEqual(sameMs.map(readFraction).toSorted((a, b) => a - b));
});

test('ids keep their order across transactions, even rolled back ones', async () => {
  const [first] = await query<{ id: string }>('select uuidv7() as id');
  await owner.query('begin');
  const [second] = await query<{ id: string }>('select uuidv7() as id');
  await owner.query('rollback');
  const [third] = await query<{ id: string }>('select uuidv7() as id');
  const ids = [first, second, third].map((row) => row?.id);
  expect(ids).toEqual(ids.toSorted());
});

test('the last 62 bits are random', async () => {
  const rows = await query<{ id: string }>('select uuidv7() as id from generate_series(1, 2000)');
  const tails = rows.map(({ id }) => id.replaceAll('-', '').slice(17));
  expect(new Set(tails).size).toBe(2_000);
  // Each bit behind the variant is set in about half of them; beyond 40 to 60 % is 9 standard deviations.
  const shares = Array.from({ length: 60 }, (_, bit) => {
    const isSet = (tail: string) => (BigInt(`0x${tail}`) >> BigInt(bit)) & 1n;
    return tails.filter((tail) => isSet(tail) === 1n).length / tails.length;
  });
  expect(Math.min(...shares)).toBeGreaterThan(0.4);
  expect(Math.max(...shares)).toBeLessThan(0.6);
});

test('an interval shifts the time of an id', async () => {
  const [row] = await query<{ now: string; earlier: string; later: string }>(
    `select uuidv7() as now, uuidv7(interval '-30 seconds') as earlier, uuidv7(interval '1 day') as later`,
  );
  const now = readMs(row?.now ?? '');
  expect(Math.round((now - readMs(row?.earlier ?? '')) / 1_000)).toBe(30);
  expect(Math.round((readMs(row?.later ?? '') - now) / 1_000)).toBe(86_400);
});

test('the serving login can create an id, and the function has a fixed search path', async () => {
  const app = new pg.Client({ connectionString: database.appUrl });
  await app.connect();
  try {
    await expect(app.query('select uuidv7()')).resolves.toMatchObject({ rowCount: 1 });
  } finally {
    await app.end();
  }
  const functions = await query<{ config: string[] }>(
    `select proconfig as config from pg_proc
     where proname = 'uuidv7' and pronamespace = 'public'::regnamespace`,
  );
  expect(functions).toHaveLength((await readMajor()) >= 18 ? 0 : 2);
  for (const { config } of functions) expect(config).toEqual(['search_path=pg_catalog, pg_temp']);
});

test('migration 000 is applied to a database on PostgreSQL 18 that lacks it', async () => {
  const { ownerUrl } = database;
  if ((await readMajor()) < 18) return;
  const name = '000_add_uuidv7_before_18';
  await query(`delete from _prisma_migrations where migration_name = '${name}'`);
  const migrationsDir = fileURLToPath(new URL('../../migrations', import.meta.url));
  const outcome = await migrate({ ownerUrl, migrationsDir, log: silentLog });
  expect(outcome).toEqual({ applied: [name] });
});

async function readMajor(): Promise<number> {
  const [server] = await query<{ major: number }>(
    `select current_setting('server_version_num')::int / 10000 as major`,
  );
  return server?.major ?? 0;
}
