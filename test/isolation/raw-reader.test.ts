import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { createDatabase, type Database } from '../../src/db/database.ts';
import { DatabaseError } from '../../src/db/error-map.ts';
import { Prisma } from '../../src/db/generated/client.ts';
import type { RawReader } from '../../src/db/raw-reader.ts';
import { noScope, runInScope } from '../../src/db/scope.ts';
import { createTestDatabase } from '../support/cluster.ts';
import { createTestTenant, type TestTenant } from './row-security/tenants.ts';

// Decision 037: batched lookups bypass Prisma.

const settings = {
  poolSize: 2,
  acquireTimeoutMs: 1_000,
  statementTimeoutMs: 100,
  queryTimeoutMs: 5_000,
  connectionMaxAgeSeconds: 60,
};

let owner: pg.Client;
let db: Database;
let tenant: TestTenant;

beforeAll(async () => {
  const { ownerUrl, appUrl, drop } = await createTestDatabase(settings.statementTimeoutMs);
  owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  tenant = await createTestTenant(owner, 'home');
  // The time zone of the server must not matter: Prisma reads every timestamp as UTC.
  await owner.query(`do $$ begin
    execute format('alter database %I set timezone = %L', current_database(), 'Europe/Warsaw');
  end $$`);
  db = createDatabase({ url: appUrl, ...settings });
  return async () => {
    await db.close();
    await owner.end();
    await drop();
  };
});

/** The kind of the DatabaseFault thrown, or the result. */
const findFault = (work: (db: RawReader) => Promise<unknown>) =>
  db.ask(work).catch((error) => (error instanceof DatabaseError ? error.kind : error));

describe('a query without Prisma', () => {
  const types: [type: string, value: string][] = [
    ['integer', '-7'],
    ['double precision', '0.1'],
    ['boolean', 'true'],
    ['text', 'zażółć'],
    ['uuid', '01a22900-0000-7000-8000-000000000001'],
    ['timestamptz', '2026-11-29 20:35:43.502626+02'],
    ['bytea', '\\x00ff10'],
    ['json', '{"a": [1, null, "b"]}'],
    ['jsonb', '{"a": {"b": 1.5}}'],
    ['text[]', '{a,"b,c",NULL}'],
    ['uuid[]', '{01a22900-0000-7000-8000-000000000001}'],
    ['integer[]', '{1,2}'],
  ];

  test.each(types)('returns the same value as Prisma for %s', async (type, value) => {
    const sql = Prisma.sql`select ${value}::text::${Prisma.raw(type)} as value, null::${Prisma.raw(type)} as absent`;
    const byPrisma = await db.read(noScope, (prisma) => prisma.$queryRaw<unknown[]>(sql));
    const byPg = await db.ask((raw) => raw.$queryRaw<unknown[]>(sql));
    expect(byPrisma).toHaveLength(1);
    // pg returns bytes as a Buffer, which is a Uint8Array.
    expect(byPg.map(toPlain)).toEqual(byPrisma.map(toPlain));
  });

  test('sends lists of hashes and ids, and empty lists, like Prisma', async () => {
    const hashes = [Buffer.from('00ff', 'hex'), new Uint8Array([1, 2, 3])];
    const ids = [tenant.id, null];
    const sql = Prisma.sql`select ${hashes}::bytea[]::text as hashes, ${ids}::uuid[]::text as ids, ${[]}::text[]::text as none`;
    const byPrisma = await db.read(noScope, (prisma) => prisma.$queryRaw(sql));
    expect(await db.ask((raw) => raw.$queryRaw(sql))).toEqual(byPrisma);
  });

  test('sees no rows, even when called within the scope of a member', async () => {
    const count = (raw: RawReader) => raw.$queryRaw`select count(*)::int as rows from tenants`;
    const scope = { ...noScope, userId: tenant.ownerId, tenantId: tenant.id };
    expect(await db.read(scope, (prisma) => count(prisma))).toEqual([{ rows: 1 }]);
    expect(await runInScope(scope, () => db.ask(count))).toEqual([{ rows: 0 }]);
  });

  test('throws the same kinds of errors as Prisma', async () => {
    const faults = {
      busy: await findFault((raw) => raw.$queryRaw`select pg_sleep(1)::text`),
      denied: await findFault((raw) => raw.$queryRaw`select * from idempotency_keys`),
      malformed: await findFault((raw) => raw.$queryRaw`select ${'\0'}::text`),
    };
    expect(faults).toEqual({ busy: 'busy', denied: 'denied', malformed: 'malformed' });
    expect(await db.ask((raw) => raw.$queryRaw`select 1 as one`)).toEqual([{ one: 1 }]);
  });

  test('is unavailable if no server responds', async () => {
    const nobody = createDatabase({ url: 'postgres://nobody@127.0.0.1:1/nothing', ...settings });
    await expect(nobody.ask((raw) => raw.$queryRaw`select 1`)).rejects.toMatchObject({
      kind: 'unavailable',
    });
    await nobody.close();
  });
});

function toPlain(row: unknown): unknown {
  return Object.fromEntries(
    Object.entries(row as object).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? [...value] : value,
    ]),
  );
}
