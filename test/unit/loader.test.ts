import { expect, test } from 'vitest';
import { createAnonymous, type Principal } from '../../src/core/access/principal.ts';
import { becomePrincipal, type Ctx, forgetLoaded } from '../../src/core/context.ts';
import { createLoader } from '../../src/core/data/loader.ts';

function createCtx(principal: Principal): Ctx {
  return { principal, credential: null, loaded: new Map() } as unknown as Ctx;
}

/** A loader that records the keys it loads, and a caller of it. */
function createRecorded() {
  const loadedKeys: string[] = [];
  const loader = createLoader<string, string | null>(async (_ctx, keys) => {
    loadedKeys.push(...keys);
    return keys.map((key) => (key === 'absent' ? null : `loaded ${key}`));
  });
  const createCaller = () => createCtx(createAnonymous());
  return { loadedKeys, loader, createCaller };
}

test('a primed value is returned at once and not loaded', async () => {
  const { loadedKeys, loader, createCaller } = createRecorded();
  const ctx = createCaller();
  loader(ctx).prime('a', 'primed');
  expect(loader(ctx).load('a')).toBe('primed');
  expect(loadedKeys).toEqual([]);
});

test('other keys are loaded once, in one batch', async () => {
  const { loadedKeys, loader, createCaller } = createRecorded();
  const ctx = createCaller();
  const found = ['b', 'absent', 'b'].map((key) => loader(ctx).load(key));
  expect(await Promise.all(found)).toEqual(['loaded b', null, 'loaded b']);
  expect(await loader(ctx).load('b')).toBe('loaded b');
  expect(loadedKeys).toEqual(['b', 'absent']);
});

test('a value primed for one caller is not returned to another', async () => {
  const { loader, createCaller } = createRecorded();
  loader(createCaller()).prime('a', 'primed');
  expect(await loader(createCaller()).load('a')).toBe('loaded a');
});

test('a cleared key is loaded again, alone or with all others', async () => {
  const { loadedKeys, loader, createCaller } = createRecorded();
  const ctx = createCaller();
  const prime = () => {
    loader(ctx).prime('a', 'primed');
    loader(ctx).prime('b', 'primed');
  };
  prime();
  loader(ctx).clear('a');
  expect(await loader(ctx).load('a')).toBe('loaded a');
  expect(loader(ctx).load('b')).toBe('primed');
  prime();
  loader(ctx).clearAll();
  expect(await loader(ctx).load('a')).toBe('loaded a');
  expect(await loader(ctx).load('b')).toBe('loaded b');
  expect(loadedKeys).toEqual(['a', 'a', 'b']);
});

test('a loaded or primed value is not replaced by priming later', async () => {
  const { loader, createCaller } = createRecorded();
  const ctx = createCaller();
  const pending = loader(ctx).load('a');
  loader(ctx).prime('a', 'primed');
  expect([await pending, await loader(ctx).load('a')]).toEqual(['loaded a', 'loaded a']);
  loader(ctx).prime('b', 'primed');
  loader(ctx).prime('b', 'primed later');
  expect(loader(ctx).load('b')).toBe('primed');
});

test('a load under way when the principal changes is done for the first principal and not returned to the second', async () => {
  const principals: unknown[] = [];
  const { promise: isReleased, resolve: release } = Promise.withResolvers<void>();
  const loader = createLoader<string, string>(async (ctxOfBatch, keys) => {
    principals.push(ctxOfBatch.principal);
    await isReleased;
    loader(ctxOfBatch).prime('b', 'primed');
    return keys.map((key) => `loaded ${key}`);
  });
  const [first, second] = [createAnonymous(), createAnonymous()];
  const ctx = createCtx(first);
  const underWay = loader(ctx).load('a');
  becomePrincipal(ctx, second);
  release();
  await underWay;
  expect(principals).toHaveLength(1);
  expect(principals[0]).toBe(first);
  expect(await loader(ctx).load('b')).toBe('loaded b');
});

test('a change of the principal or of data discards what was loaded', async () => {
  const { loadedKeys, loader, createCaller } = createRecorded();
  const ctx = createCaller();
  await loader(ctx).load('a');
  forgetLoaded(ctx);
  await loader(ctx).load('a');
  becomePrincipal(ctx, createAnonymous());
  await loader(ctx).load('a');
  expect(loadedKeys).toEqual(['a', 'a', 'a']);
});
