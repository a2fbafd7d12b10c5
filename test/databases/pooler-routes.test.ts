import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inspectRoute } from '../../src/db/connection/pooler.ts';
import { createTestDatabase, type TestDatabase } from '../support/cluster.ts';
import { findPgBouncer, type PoolerSettings, startPooler } from '../support/pooler.ts';

const program = findPgBouncer();
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('a URL of PostgreSQL itself is recognised as direct for any login', async () => {
  expect(await inspectRoute(database.ownerUrl)).toBe('direct');
  expect(await inspectRoute(database.appUrl)).toBe('direct');
});

describe.skipIf(program === null)('a pooler', () => {
  test.each<[route: string, settings: PoolerSettings]>([
    ['transaction', {}],
    ['transaction', { server_round_robin: 1 }],
    ['transaction', { default_pool_size: 1 }],
    ['session', { pool_mode: 'session' }],
    ['unprepared', { max_prepared_statements: 0 }],
    ['statement', { pool_mode: 'statement' }],
  ])('is recognised as "%s" with the settings %j', async (route, settings) => {
    const pooler = await startPooler(program ?? '', [database.ownerUrl], settings);
    try {
      // Idle connections for the pooler to choose from.
      await Promise.all([1, 2, 3].map(() => inspectRoute(pooler.reroute(database.ownerUrl))));
      expect(await inspectRoute(pooler.reroute(database.ownerUrl))).toBe(route);
    } finally {
      await pooler.close();
    }
  });
});
