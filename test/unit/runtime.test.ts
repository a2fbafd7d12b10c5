import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createRuntime } from '../../src/app/runtime.ts';
import { loadConfig } from '../../src/config.ts';
import type { Database } from '../../src/db/database.ts';
import { getAuditFeed } from '../../src/domains/audit/feed.ts';
import { createLogger } from '../../src/observability/logger.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function unexpected(): never {
  throw new Error('No test here uses the database.');
}

/** A runtime on a database that throws when it is used. */
function createIdleRuntime() {
  const db: Database = {
    read: unexpected,
    ask: unexpected,
    write: unexpected,
    transaction: unexpected,
    poolStat: unexpected,
    renewConnections: unexpected,
    close: unexpected,
  };
  const log = createLogger({ level: 'silent', format: 'json' });
  const secret = 'a secret that only the tests know';
  return createRuntime(loadConfig({ NODE_ENV: 'test' }), { db, secret, log });
}

test('an unused runtime starts no timer, hashes no password and sends no statement', async () => {
  const { runtime, close } = createIdleRuntime();
  expect(vi.getTimerCount()).toBe(0);
  expect(runtime.passwords.stats()).toMatchObject({ running: 0, queued: 0 });
  await vi.advanceTimersByTimeAsync(60_000);
  await close();
});

test('a part starts its background work on first use and stops it with the runtime', async () => {
  const { runtime, close } = createIdleRuntime();
  const stop = getAuditFeed(runtime).watchAuditLog('a chain', () => undefined);
  expect(vi.getTimerCount()).toBe(1);
  stop();
  await close();
  expect(vi.getTimerCount()).toBe(0);
});
