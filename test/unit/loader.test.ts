import { expect, test } from 'vitest';
import type { Ctx } from '../../src/core/context.ts';
import { createLoader } from '../../src/core/loader.ts';
import { createAnonymous } from '../../src/core/principal.ts';

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
  expect(loader(ctx).find('a')).toBe('came along');
  expect(await loader(ctx).load('a')).toBe('came along');
  expect(asked).toEqual([]);
});

test('anything else is asked for, in one statement and once', async () => {
  const { asked, loader, createCaller } = createWatched();
  const ctx = createCaller();
  const found = ['b', 'absent', 'b'].map((key) => loader(ctx).find(key));
  expect(await Promise.all(found)).toEqual(['loaded b', null, 'loaded b']);
  expect(await loader(ctx).load('b')).toBe('loaded b');
  expect(asked).toEqual(['b', 'absent']);
});

test('what came along for one caller answers no other', async () => {
  const { loader, createCaller } = createWatched();
  loader(createCaller()).prime('a', 'came along');
  expect(await loader(createCaller()).find('a')).toBe('loaded a');
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
  expect(await loader(ctx).find('a')).toBe('loaded a');
  expect(loader(ctx).find('b')).toBe('came along');
  prime();
  loader(ctx).clearAll();
  expect(await loader(ctx).find('a')).toBe('loaded a');
  expect(await loader(ctx).find('b')).toBe('loaded b');
  expect(asked).toEqual(['a', 'a', 'b']);
});
