import DataLoader from 'dataloader';
import type { Db } from '../../db/database.ts';
import { getTenantScope } from '../access/scopes.ts';
import type { Ctx } from '../context.ts';
import { createByPrincipal } from './by-principal.ts';

/** Most keys of one statement; who asks for more is answered by several. */
const keysMax = 500;

/** Loads for one request; what came along with something else answers without asking. */
export type Loader<Key, Value> = {
  /**
   * At once where it has come along: the field of a list then makes no promise of its own, nor do the objects around
   * it. Anything else in one statement with what is asked in the same turn, and once for each key.
   */
  load(key: Key): Value | Promise<Value>;
  /** Remembers what came along, unless that was asked for or came along before. */
  prime(key: Key, value: NonNullable<Value>): void;
  /** Forgets one, or all, after this request has changed it. */
  clear(key: Key): void;
  clearAll(): void;
};

/**
 * A loader per request, made when first asked for and kept by the principal of that request, so
 * that nothing loaded for one caller can ever answer another.
 */
export function createLoader<Key, Value>(
  load: (ctx: Ctx, keys: readonly Key[]) => Promise<readonly (Value | Error)[]>,
  toName: (key: Key) => Key | string = (key) => key,
): (ctx: Ctx) => Loader<Key, Value> {
  const loaders = createByPrincipal<Loader<Key, Value>>();
  return (ctx) => {
    const known = loaders.find(ctx.principal);
    if (known) return known;
    // As the caller is now: what is under way when the caller changes goes on for whom it was asked.
    const asker = { ...ctx };
    const loader = createLoaderOf((keys: readonly Key[]) => load(asker, keys), toName);
    loaders.keep(ctx.principal, loader);
    return loader;
  };
}

function createLoaderOf<Key, Value>(
  load: (keys: readonly Key[]) => Promise<readonly (Value | Error)[]>,
  toName: (key: Key) => Key | string,
): Loader<Key, Value> {
  const asked = new Map<Key | string, Promise<Value>>();
  const options = { maxBatchSize: keysMax, cacheKeyFn: toName, cacheMap: asked };
  const batches = new DataLoader<Key, Value, Key | string>(load, options);
  const primed = new Map<Key | string, NonNullable<Value>>();
  return {
    load: (key) => primed.get(toName(key)) ?? batches.load(key),
    prime(key, value) {
      const name = toName(key);
      if (!asked.has(name) && !primed.has(name)) primed.set(name, value);
    },
    clear(key) {
      primed.delete(toName(key));
      asked.delete(toName(key));
    },
    clearAll() {
      primed.clear();
      asked.clear();
    },
  };
}

/** Something of a tenant's, by its id there. */
export type TenantOwnedRef = { tenantId: string; id: string };

/**
 * A loader of what belongs to tenants, null for what is not there: one statement for each tenant, in
 * that tenant's scope. The caller has been authorised in it. `read` returns pairs of id and value.
 */
export function createTenantOwnedLoader<Value>(
  read: (
    db: Db,
    tenantId: string,
    ids: readonly string[],
  ) => Promise<readonly (readonly [id: string, value: Value])[]>,
) {
  const toName = ({ tenantId, id }: TenantOwnedRef) => `${tenantId}/${id}`;
  return createLoader<TenantOwnedRef, Value | null>(async (ctx, refs) => {
    const byTenant = Map.groupBy(refs, ({ tenantId }) => tenantId);
    const found = await Promise.all(
      [...byTenant].map(async ([tenantId, ofTenant]) => {
        const ids = ofTenant.map(({ id }) => id);
        const scope = getTenantScope(ctx, tenantId);
        const pairs = await ctx.db.read(scope, (db) => read(db, tenantId, ids));
        return pairs.map(([id, value]) => [toName({ tenantId, id }), value] as const);
      }),
    );
    const byName = new Map(found.flat());
    return refs.map((ref) => byName.get(toName(ref)) ?? null);
  }, toName);
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
