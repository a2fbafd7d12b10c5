import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createCredentialCache } from '../../src/core/data/credential-cache.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

type Result = { user: string };

/** A cache over a source that counts its lookups and resolves them when the test says so. */
function createCountedCache({ isConnected = true, maxAgeMs = 1_000 } = {}) {
  const state = { isConnected, lookups: 0, result: { user: 'u1' } as Result | null };
  let release: () => void = () => undefined;
  const cache = createCredentialCache({ maxAgeMs, isConnected: () => state.isConnected });
  const find = cache.wrap({
    async find(_token: string): Promise<Result | null> {
      state.lookups += 1;
      const { result } = state;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return result;
    },
    toKey: (token) => token,
    listDependencies: ({ user }) => [user],
  });
  const lookUp = (token = 't1') => {
    const pending = find(token);
    release();
    return pending;
  };
  return { cache, state, lookUp, find, release: () => release() };
}

describe('a cache entry', () => {
  test('is returned until it reaches its maximum age', async () => {
    const { lookUp, state } = createCountedCache();
    await lookUp();
    vi.advanceTimersByTime(999);
    expect(await lookUp()).toEqual({ user: 'u1' });
    expect(state.lookups).toBe(1);
    vi.advanceTimersByTime(1);
    await lookUp();
    expect(state.lookups).toBe(2);
  });

  test('has an age that starts with the lookup', async () => {
    const { lookUp, find, state, release } = createCountedCache();
    const slow = find('t1');
    vi.advanceTimersByTime(600);
    release();
    await slow;
    vi.advanceTimersByTime(400);
    await lookUp();
    expect(state.lookups).toBe(2);
  });

  test('is dropped when one of its dependencies changes, and only then', async () => {
    const { lookUp, cache, state } = createCountedCache();
    await lookUp();
    cache.invalidate('u2');
    await lookUp();
    expect(state.lookups).toBe(1);
    cache.invalidate('u1');
    await lookUp();
    expect(state.lookups).toBe(2);
  });

  test('is not kept if a dependency changes during the lookup', async () => {
    const { lookUp, find, cache, state, release } = createCountedCache();
    const pending = find('t1');
    cache.invalidate('u1');
    release();
    await pending;
    await lookUp();
    expect(state.lookups).toBe(2);
  });

  test('is dropped when everything is invalidated, as is a lookup under way', async () => {
    const { lookUp, find, cache, state, release } = createCountedCache();
    await lookUp();
    const pending = find('t2');
    cache.invalidate(null);
    release();
    await pending;
    await lookUp('t1');
    await lookUp('t2');
    expect(state.lookups).toBe(4);
  });

  test('is not kept for a credential that does not exist', async () => {
    const { lookUp, state } = createCountedCache();
    state.result = null;
    await lookUp();
    await lookUp();
    expect(state.lookups).toBe(2);
  });

  test('is neither kept nor returned while invalidations may be missed', async () => {
    const { lookUp, state } = createCountedCache();
    await lookUp();
    state.isConnected = false;
    await lookUp('t1');
    await lookUp('t2');
    state.isConnected = true;
    await lookUp('t2');
    expect(state.lookups).toBe(4);
  });
});

test('the cache stays bounded and correct with any number of credentials and changes', async () => {
  const { lookUp, cache, state } = createCountedCache();
  await lookUp('first');
  for (let user = 0; user < 60_000; user += 1) cache.invalidate(`other ${user}`);
  await lookUp('first');
  for (let token = 0; token < 30_000; token += 1) await lookUp(`token ${token}`);
  cache.invalidate('u1');
  const before = state.lookups;
  await lookUp('token 29999');
  expect(state.lookups).toBe(before + 1);
});
