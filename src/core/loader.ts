import DataLoader from 'dataloader';
import type { Ctx } from './context.ts';
import type { Principal } from './principal.ts';

/**
 * A DataLoader per request, made when first asked for and kept by the principal of that request, so
 * that nothing loaded for one caller can ever answer another.
 */
export function createLoader<Key, Value, CacheKey = Key>(
  load: (ctx: Ctx, keys: readonly Key[]) => Promise<readonly (Value | Error)[]>,
  toCacheKey?: (key: Key) => CacheKey,
): (ctx: Ctx) => DataLoader<Key, Value, CacheKey> {
  const loaders = new WeakMap<Principal, DataLoader<Key, Value, CacheKey>>();
  return (ctx) => {
    const known = loaders.get(ctx.principal);
    if (known) return known;
    const loader = new DataLoader<Key, Value, CacheKey>((keys) => load(ctx, keys), {
      maxBatchSize: 500,
      ...(toCacheKey ? { cacheKeyFn: toCacheKey } : {}),
    });
    loaders.set(ctx.principal, loader);
    return loader;
  };
}

/** Puts rows in the order of the keys they were asked by, null where there is none. */
export function inOrderOf<Key, Row>(
  keys: readonly Key[],
  rows: readonly Row[],
  toKey: (row: Row) => Key,
): (Row | null)[] {
  const byKey = new Map(rows.map((row) => [toKey(row), row]));
  return keys.map((key) => byKey.get(key) ?? null);
}
