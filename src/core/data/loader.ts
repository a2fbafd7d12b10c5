import DataLoader from 'dataloader';
import type { Db } from '../../db/database.ts';
import { getTenantScope } from '../access/scopes.ts';
import type { Ctx } from '../context.ts';

/** The maximum number of keys per statement; more are split. */
const keysMax = 500;

/** Loads values for one request; primed values need no statement. */
export type Loader<Key, Value> = {
  /**
   * Returns a primed value synchronously, so that fields of a list create no promises. Other keys of the same turn are
   * loaded in one statement, each once.
   */
  load(key: Key): Value | Promise<Value>;
  /** Adds a value that was loaded with another one, unless the key is loaded or primed already. */
  prime(key: Key, value: NonNullable<Value>): void;
  /** Discards one value, or all, after a change by this request. */
  clear(key: Key): void;
  clearAll(): void;
};

/** Creates a loader per operation and principal, on first use. */
export function createLoader<Key, Value>(
  load: (ctx: Ctx, keys: readonly Key[]) => Promise<readonly (Value | Error)[]>,
  toKey: (key: Key) => Key | string = (key) => key,
): (ctx: Ctx) => Loader<Key, Value> {
  return function getLoader(ctx) {
    const known = ctx.loaded.get(getLoader);
    if (known !== undefined) return known as Loader<Key, Value>;
    // A copy of the context, so that a running load keeps its caller when the caller changes.
    const snapshot = { ...ctx };
    const loader = createLoaderOf((keys: readonly Key[]) => load(snapshot, keys), toKey);
    ctx.loaded.set(getLoader, loader);
    return loader;
  };
}

function createLoaderOf<Key, Value>(
  load: (keys: readonly Key[]) => Promise<readonly (Value | Error)[]>,
  toKey: (key: Key) => Key | string,
): Loader<Key, Value> {
  const loaded = new Map<Key | string, Promise<Value>>();
  const options = { maxBatchSize: keysMax, cacheKeyFn: toKey, cacheMap: loaded };
  const batches = new DataLoader<Key, Value, Key | string>(load, options);
  const primed = new Map<Key | string, NonNullable<Value>>();
  return {
    load: (key) => primed.get(toKey(key)) ?? batches.load(key),
    prime(key, value) {
      const name = toKey(key);
      if (!loaded.has(name) && !primed.has(name)) primed.set(name, value);
    },
    clear(key) {
      primed.delete(toKey(key));
      loaded.delete(toKey(key));
    },
    clearAll() {
      primed.clear();
      loaded.clear();
    },
  };
}

/** An object of a tenant, by id. */
export type TenantOwnedRef = { tenantId: string; id: string };

/**
 * Creates a loader of tenants' objects, null if absent: one statement per tenant, in its scope. The caller must be
 * authorized in the tenant. `read` returns pairs of id and value.
 */
export function createTenantOwnedLoader<Value>(
  read: (
    db: Db,
    tenantId: string,
    ids: readonly string[],
  ) => Promise<readonly (readonly [id: string, value: Value])[]>,
) {
  const toKey = ({ tenantId, id }: TenantOwnedRef) => `${tenantId}/${id}`;
  return createLoader<TenantOwnedRef, Value | null>(async (ctx, refs) => {
    const byTenant = Map.groupBy(refs, ({ tenantId }) => tenantId);
    const found = await Promise.all(
      [...byTenant].map(async ([tenantId, ofTenant]) => {
        const ids = ofTenant.map(({ id }) => id);
        const scope = getTenantScope(ctx, tenantId);
        const pairs = await ctx.db.read(scope, (db) => read(db, tenantId, ids));
        return pairs.map(([id, value]) => [toKey({ tenantId, id }), value] as const);
      }),
    );
    const byName = new Map(found.flat());
    return refs.map((ref) => byName.get(toKey(ref)) ?? null);
  }, toKey);
}

/** Sorts rows by the requested keys; null for a missing row. */
export function inOrderOf<Key, Row>(
  keys: readonly Key[],
  rows: readonly Row[],
  toKey: (row: Row) => Key,
): (Row | null)[] {
  const byKey = new Map(rows.map((row) => [toKey(row), row]));
  return keys.map((key) => byKey.get(key) ?? null);
}
