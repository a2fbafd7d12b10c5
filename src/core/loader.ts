import DataLoader from 'dataloader';
import type { Db } from '../db/database.ts';
import { createByPrincipal } from './by-principal.ts';
import type { Ctx } from './context.ts';
import { getTenantScope } from './scopes.ts';

/**
 * A DataLoader per request, made when first asked for and kept by the principal of that request, so
 * that nothing loaded for one caller can ever answer another.
 */
export function createLoader<Key, Value, CacheKey = Key>(
  load: (ctx: Ctx, keys: readonly Key[]) => Promise<readonly (Value | Error)[]>,
  toCacheKey?: (key: Key) => CacheKey,
): (ctx: Ctx) => DataLoader<Key, Value, CacheKey> {
  const loaders = createByPrincipal<DataLoader<Key, Value, CacheKey>>();
  return (ctx) => {
    const known = loaders.find(ctx.principal);
    if (known) return known;
    const loader = new DataLoader<Key, Value, CacheKey>((keys) => load(ctx, keys), {
      maxBatchSize: 500,
      ...(toCacheKey ? { cacheKeyFn: toCacheKey } : {}),
    });
    loaders.keep(ctx.principal, loader);
    return loader;
  };
}

/** Something of a tenant's, by its id there. */
export type TenantOwnedRef = { tenantId: string; id: string };

/**
 * A loader of what belongs to tenants, null for what is not there: one statement for each tenant, in
 * that tenant's scope. The caller has been authorised in it. `read` answers pairs of id and value.
 */
export function createTenantOwnedLoader<Value>(
  read: (
    db: Db,
    tenantId: string,
    ids: readonly string[],
  ) => Promise<readonly (readonly [id: string, value: Value])[]>,
) {
  const toKey = ({ tenantId, id }: TenantOwnedRef) => `${tenantId}/${id}`;
  return createLoader<TenantOwnedRef, Value | null, string>(async (ctx, refs) => {
    const byTenant = Map.groupBy(refs, ({ tenantId }) => tenantId);
    const found = await Promise.all(
      [...byTenant].map(async ([tenantId, ofTenant]) => {
        const ids = ofTenant.map(({ id }) => id);
        const scope = getTenantScope(ctx, tenantId);
        const pairs = await ctx.db.read(scope, (db) => read(db, tenantId, ids));
        return pairs.map(([id, value]) => [toKey({ tenantId, id }), value] as const);
      }),
    );
    const byKey = new Map(found.flat());
    return refs.map((ref) => byKey.get(toKey(ref)) ?? null);
  }, toKey);
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
