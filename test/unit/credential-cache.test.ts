import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createCredentialCache } from '../../src/core/data/credential-cache.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

type Answer = { user: string };

/** A cache over a source that counts how often it is asked, and answers when it is told to. */
function createMemory({ isConnected = true, maxAgeMs = 1_000 } = {}) {
  const state = { isConnected, asked: 0, answer: { user: 'u1' } as Answer | null };
  let release: () => void = () => undefined;
  const cache = createCredentialCache({ maxAgeMs, isConnected: () => state.isConnected });
  const find = cache.wrap({
    async find(_token: string): Promise<Answer | null> {
      state.asked += 1;
      const { answer } = state;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return answer;
    },
    toKey: (token) => token,
    listDependencies: ({ user }) => [user],
  });
  const ask = (token = 't1') => {
    const asking = find(token);
    release();
    return asking;
  };
  return { cache, state, ask, find, release: () => release() };
}

describe('an answer', () => {
  test('is given again as long as it is young', async () => {
    const { ask, state } = createMemory();
    await ask();
    vi.advanceTimersByTime(999);
    expect(await ask()).toEqual({ user: 'u1' });
    expect(state.asked).toBe(1);
    vi.advanceTimersByTime(1);
    await ask();
    expect(state.asked).toBe(2);
  });

  test('counts its age from when it was asked for', async () => {
    const { ask, find, state, release } = createMemory();
    const slow = find('t1');
    vi.advanceTimersByTime(600);
    release();
    await slow;
    vi.advanceTimersByTime(400);
    await ask();
    expect(state.asked).toBe(2);
  });

  test('is forgotten when what it rests on changes, and only then', async () => {
    const { ask, cache, state } = createMemory();
    await ask();
    cache.invalidate('u2');
    await ask();
    expect(state.asked).toBe(1);
    cache.invalidate('u1');
    await ask();
    expect(state.asked).toBe(2);
  });

  test('is not kept when that changed while it was on its way', async () => {
    const { ask, find, cache, state, release } = createMemory();
    const asking = find('t1');
    cache.invalidate('u1');
    release();
    await asking;
    await ask();
    expect(state.asked).toBe(2);
  });

  test('is forgotten with everything', async () => {
    const { ask, find, cache, state, release } = createMemory();
    await ask();
    const onItsWay = find('t2');
    cache.invalidate(null);
    release();
    await onItsWay;
    await ask('t1');
    await ask('t2');
    expect(state.asked).toBe(4);
  });

  test('of nobody is not kept', async () => {
    const { ask, state } = createMemory();
    state.answer = null;
    await ask();
    await ask();
    expect(state.asked).toBe(2);
  });

  test('is neither kept nor given while changes may be missed', async () => {
    const { ask, state } = createMemory();
    await ask();
    state.isConnected = false;
    await ask('t1');
    await ask('t2');
    state.isConnected = true;
    await ask('t2');
    expect(state.asked).toBe(4);
  });
});

test('however many credentials and changes there are, what is kept is bounded and right', async () => {
  const { ask, cache, state } = createMemory();
  await ask('first');
  for (let user = 0; user < 60_000; user += 1) cache.invalidate(`other ${user}`);
  await ask('first');
  for (let token = 0; token < 30_000; token += 1) await ask(`token ${token}`);
  cache.invalidate('u1');
  const before = state.asked;
  await ask('token 29999');
  expect(state.asked).toBe(before + 1);
});
