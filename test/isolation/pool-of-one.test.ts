import pg from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { createDatabase, type Database, type Db } from '../../src/db/database.ts';
import { DatabaseError } from '../../src/db/error-map.ts';
import { noScope, type Scope } from '../../src/db/scope.ts';
import { createTestDatabase } from '../support/cluster.ts';
import { createTestTenant, type TestTenant } from './row-security/tenants.ts';

// One connection shared by all callers, with timeouts, rollbacks and broken connections.

const rounds = 10_000;
/** The number of callers that wait for the connection at a time. */
const callers = 4;
const statementTimeoutMs = 25;

let owner: pg.Client;
let db: Database;
let tenants: TestTenant[];

beforeAll(async () => {
  const { ownerUrl, appUrl, drop } = await createTestDatabase(statementTimeoutMs);
  owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  tenants = [await createTestTenant(owner, 'home'), await createTestTenant(owner, 'foreign')];
  db = createDatabase({
    url: appUrl,
    poolSize: 1,
    acquireTimeoutMs: 10_000,
    statementTimeoutMs,
    queryTimeoutMs: 5_000,
    connectionMaxAgeSeconds: 5,
  });
  return async () => {
    await db.close();
    await owner.end();
    await drop();
  };
});

type Kind = 'read' | 'transaction' | 'rollback' | 'timeout' | 'timeout in transaction' | 'broken';

/** The kind of a round; the same in every run. */
function chooseKind(round: number): Kind {
  const lot = (round * 7_919) % 1_000;
  if (lot < 3) return 'broken';
  if (lot < 8) return 'timeout';
  if (lot < 13) return 'timeout in transaction';
  if (lot < 60) return 'rollback';
  return lot < 200 ? 'transaction' : 'read';
}

/** Without "where", so only row security limits the rows. */
const listTenants = (tx: Db) => tx.$queryRaw<{ id: string }[]>`
  select tenant_id::text as id from user_tenants union select id::text from tenants
  union select tenant_id::text from roles
  union select tenant_id::text from sessions where tenant_id is not null`;

const sleepTooLong = (tx: Db) => tx.$queryRaw`select pg_sleep(1)::text`;
const readSettings = (tx: Db) => tx.$queryRaw<{ settings: string }[]>`
  select concat(current_setting('tenantry.user_id', true), current_setting('tenantry.tenant_id', true),
    current_setting('tenantry.platform', true)) as settings`;

/** The outcome of all rounds. */
type Result = {
  seen: { own: number; none: number; foreign: number };
  faults: Record<string, number>;
  /** The scope settings left on the connection after each round. */
  left: Set<string>;
};

test('10,000 rounds of alternating tenants on one connection never show a row of the other tenant', async () => {
  const result: Result = { seen: { own: 0, none: 0, foreign: 0 }, faults: {}, left: new Set() };
  let next = 0;
  const work = async () => {
    while (next < rounds) {
      const round = next++;
      await play(round, result);
    }
  };
  await Promise.all(Array.from({ length: callers }, work));
  const { seen, faults, left } = result;
  process.stdout.write(`\npool of one: ${JSON.stringify({ seen, faults })}\n`);
  expect(seen.foreign).toBe(0);
  expect(seen.none).toBe(0);
  expect(seen.own).toBeGreaterThan(rounds * 0.9);
  expect([...left]).toEqual(['']);
  expect(Object.keys(faults).sort()).toEqual(['busy', 'rolled back', 'unavailable']);
  expect(db.poolStat()).toMatchObject({ max: 1, waiting: 0 });
});

async function play(round: number, { seen, faults, left }: Result): Promise<void> {
  const tenant = tenants[round % tenants.length] as TestTenant;
  const kind = chooseKind(round);
  try {
    const rows = await runRound(kind, tenant);
    if (rows.length === 0) seen.none += 1;
    else seen[rows.every(({ id }) => id === tenant.id) ? 'own' : 'foreign'] += 1;
  } catch (error) {
    const name = error === intended ? 'rolled back' : getKind(error);
    faults[name] = (faults[name] ?? 0) + 1;
  }
  if (kind === 'read' && round % 10 > 0) return;
  const rows = await db.read(noScope, readSettings).catch(() => []);
  for (const { settings } of rows) left.add(settings);
}

/** The kind of a DatabaseFault; rethrows any other error. */
function getKind(error: unknown): string {
  if (error instanceof DatabaseError) return error.kind;
  throw error;
}

const intended = new Error('rolled back on purpose');

async function runRound(kind: Kind, tenant: TestTenant): Promise<{ id: string }[]> {
  const scope: Scope = { ...noScope, userId: tenant.ownerId, tenantId: tenant.id, platform: false };
  switch (kind) {
    case 'read':
      return await db.read(scope, listTenants);
    case 'transaction':
      return await db.transaction(scope, async (tx) => {
        await listTenants(tx);
        return await listTenants(tx);
      });
    case 'rollback':
      return await db.transaction(scope, async (tx) => {
        await tx.$executeRaw`update tenants set name = 'changed'`;
        throw intended;
      });
    case 'timeout':
      await db.read(scope, sleepTooLong);
      return [];
    case 'timeout in transaction':
      await db.transaction(scope, sleepTooLong);
      return [];
    case 'broken':
      // Breaks the connection while other callers hold it or wait for it.
      await owner.query(`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'tenantry' and datname = current_database()`);
      return await db.read(scope, listTenants);
  }
}
