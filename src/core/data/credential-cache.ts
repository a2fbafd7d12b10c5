/** Caches the results of credential checks for a short time. */
export type CredentialCache = {
  /**
   * Wraps a lookup so that a result is reused for `maxAgeMs` unless one of its dependencies changes. Null is not
   * cached.
   */
  wrap: <Key, Value>(lookup: CachedLookup<Key, Value>) => (key: Key) => Promise<Value | null>;
  /** Invalidates the entries that depend on a user or tenant; all for null. */
  invalidate: (id: string | null) => void;
  stats: () => { entries: number; hits: number; misses: number; isConnected: boolean };
};

export type CachedLookup<Key, Value> = {
  find: (key: Key) => Promise<Value | null>;
  /** Unique across all lookups of the cache. */
  toKey: (key: Key) => string;
  /** The ids of the users and tenants that the value depends on. */
  listDependencies: (value: Value) => readonly string[];
};

export type CredentialCacheOptions = {
  /** The maximum age of an entry in ms; 0 disables the cache. */
  maxAgeMs: number;
  /** False while the invalidation listener may miss changes. */
  isConnected: () => boolean;
};

type Entry = { value: unknown; dependencies: readonly string[]; startedAt: number; order: number };

/** A few hundred bytes each. */
const entriesMax = 20_000;

/**
 * A result is valid as of when its lookup started; a change during the lookup invalidates it. So changes are kept as
 * long as entries.
 */
export function createCredentialCache(options: CredentialCacheOptions): CredentialCache {
  const { maxAgeMs, isConnected } = options;
  const entries = new Map<string, Entry>();
  /** The last change of each user or tenant. */
  const changes = new Map<string, { order: number; at: number }>();
  /** Counts changes, for an exact order within a millisecond. */
  let order = 0;
  /** Entries of lookups that started before this are invalid. */
  let oldestOrder = 0;
  let hits = 0;
  let misses = 0;

  function isValid({ dependencies, startedAt, order: startOrder }: Entry): boolean {
    return (
      performance.now() - startedAt < maxAgeMs &&
      startOrder >= oldestOrder &&
      dependencies.every((dependency) => (changes.get(dependency)?.order ?? 0) <= startOrder)
    );
  }

  function invalidate(id: string | null): void {
    order += 1;
    if (id === null || changes.size >= entriesMax) {
      oldestOrder = order;
      entries.clear();
      changes.clear();
      return;
    }
    const now = performance.now();
    // Insertion order is the order of changes: the oldest come first.
    changes.delete(id);
    changes.set(id, { order, at: now });
    for (const [known, { at }] of changes) {
      if (now - at < maxAgeMs) break;
      changes.delete(known);
    }
  }

  function store(key: string, entry: Entry): void {
    entries.delete(key);
    entries.set(key, entry);
    for (const [known, { startedAt }] of entries) {
      if (entries.size <= entriesMax && entry.startedAt - startedAt < maxAgeMs) break;
      entries.delete(known);
    }
  }

  return {
    invalidate,
    stats: () => ({ entries: entries.size, hits, misses, isConnected: isConnected() }),
    wrap({ find, toKey, listDependencies }) {
      type Value = NonNullable<Awaited<ReturnType<typeof find>>>;
      if (maxAgeMs === 0) return find;
      return async (key) => {
        if (!isConnected()) return await find(key);
        const id = toKey(key);
        const known = entries.get(id);
        if (known && isValid(known)) {
          hits += 1;
          return known.value as Value;
        }
        misses += 1;
        const start = { startedAt: performance.now(), order };
        const value = await find(key);
        if (value !== null) store(id, { value, dependencies: listDependencies(value), ...start });
        return value;
      };
    },
  };
}
