import { expect, test } from 'vitest';
import { createAnonymous } from '../../src/core/access/principal.ts';
import type { Ctx } from '../../src/core/context.ts';
import { createLoader } from '../../src/core/data/loader.ts';

/** A loader that tells what it was asked for, and a caller of it. */
function createWatched() {
  const asked: string[] = [];
  const loader = createLoader<string, string | null>(async (_ctx, keys) => {
    asked.push(...keys);
    return keys.map((key) => (key === 'absent' ? null : `loaded ${key}`));
  });
  const createCaller = () => ({ principal: createAnonymous() }) as Ctx;
  return { asked, loader, createCaller };
}

test('what came along answers at once and is not asked for', async () => {
  const { asked, loader, createCaller } = createWatched();
  const ctx = createCaller();
  loader(ctx).prime('a', 'came along');
  expect(loader(ctx).load('a')).toBe('came along');
  expect(asked).toEqual([]);
});

test('anything else is asked for, in one statement and once', async () => {
  const { asked, loader, createCaller } = createWatched();
  const ctx = createCaller();
  const found = ['b', 'absent', 'b'].map((key) => loader(ctx).load(key));
  expect(await Promise.all(found)).toEqual(['loaded b', null, 'loaded b']);
  expect(await loader(ctx).load('b')).toBe('loaded b');
  expect(asked).toEqual(['b', 'absent']);
});

test('what came along for one caller answers no other', async () => {
  const { loader, createCaller } = createWatched();
  loader(createCaller()).prime('a', 'came along');
  expect(await loader(createCaller()).load('a')).toBe('loaded a');
});

test('what was changed is asked for anew, alone or with everything else', async () => {
  const { asked, loader, createCaller } = createWatched();
  const ctx = createCaller();
  const prime = () => {
    loader(ctx).prime('a', 'came along');
    loader(ctx).prime('b', 'came along');
  };
  prime();
  loader(ctx).clear('a');
  expect(await loader(ctx).load('a')).toBe('loaded a');
  expect(loader(ctx).load('b')).toBe('came along');
  prime();
  loader(ctx).clearAll();
  expect(await loader(ctx).load('a')).toBe('loaded a');
  expect(await loader(ctx).load('b')).toBe('loaded b');
  expect(asked).toEqual(['a', 'a', 'b']);
});

test('what was asked for stays what it was, whatever comes along later', async () => {
  const { loader, createCaller } = createWatched();
  const ctx = createCaller();
  const asked = loader(ctx).load('a');
  loader(ctx).prime('a', 'came along');
  expect([await asked, await loader(ctx).load('a')]).toEqual(['loaded a', 'loaded a']);
  loader(ctx).prime('b', 'came along');
  loader(ctx).prime('b', 'came along later');
  expect(loader(ctx).load('b')).toBe('came along');
});

test('what is under way when the caller changes is loaded for whom it was asked, and answers no other', async () => {
  const askers: unknown[] = [];
  const { promise: hasTime, resolve: giveTime } = Promise.withResolvers<void>();
  const loader = createLoader<string, string>(async (asker, keys) => {
    askers.push(asker.principal);
    await hasTime;
    loader(asker).prime('b', 'came along');
    return keys.map((key) => `loaded ${key}`);
  });
  const [first, second] = [createAnonymous(), createAnonymous()];
  const ctx = { principal: first } as Ctx;
  const underWay = loader(ctx).load('a');
  ctx.principal = second;
  giveTime();
  await underWay;
  expect(askers).toHaveLength(1);
  expect(askers[0]).toBe(first);
  expect(await loader(ctx).load('b')).toBe('loaded b');
});
