/** Remembers for a moment whom credentials are good for. */
export type CredentialCache = {
  /**
   * The same question, answered from memory where it was answered less than `maxAgeMs` ago and nothing it
   * rests on has changed since. What is good for nobody is not remembered.
   */
  remember: <Key, Value>(question: Question<Key, Value>) => (key: Key) => Promise<Value | null>;
  /** Forgets what rests on this user or tenant; everything for null. */
  forget: (id: string | null) => void;
  /** How much is remembered, how often it answered, and how often it did not. */
  stats: () => { entries: number; hits: number; misses: number; isConnected: boolean };
};

export type Question<Key, Value> = {
  find: (key: Key) => Promise<Value | null>;
  /** Of all questions of this kind and any other the only one with this name. */
  toName: (key: Key) => string;
  /** The users and tenants whose change may change the answer. */
  listDependencies: (value: Value) => readonly string[];
};

export type CredentialCacheOptions = {
  /** The longest that an answer is given again, in ms. 0: nothing is remembered. */
  maxAgeMs: number;
  /** False while changes may be missed. */
  isConnected: () => boolean;
};

type Entry = { value: unknown; dependencies: readonly string[]; askedAt: number; order: number };

/** Of either kind; a few hundred bytes each. */
const entriesMax = 20_000;

/**
 * An answer belongs to the moment when its question was asked: what changed after that, even before the answer
 * came, has it forgotten. For that, changes are remembered as long as answers are.
 */
export function createCredentialCache(options: CredentialCacheOptions): CredentialCache {
  const { maxAgeMs, isConnected } = options;
  const entries = new Map<string, Entry>();
  /** When each user or tenant last changed, by the clock below. */
  const changes = new Map<string, { order: number; at: number }>();
  /** Counts changes, so that what came first is certain within a millisecond. */
  let order = 0;
  /** Lookups that started before this are not trusted. */
  let oldestOrder = 0;
  let hits = 0;
  let misses = 0;

  function isGood({ dependencies, askedAt, order: asked }: Entry): boolean {
    return (
      performance.now() - askedAt < maxAgeMs &&
      asked >= oldestOrder &&
      dependencies.every((dependency) => (changes.get(dependency)?.order ?? 0) <= asked)
    );
  }

  function forget(id: string | null): void {
    order += 1;
    if (id === null || changes.size >= entriesMax) {
      oldestOrder = order;
      entries.clear();
      changes.clear();
      return;
    }
    const now = performance.now();
    // The last that changed comes last, so the oldest are in front.
    changes.delete(id);
    changes.set(id, { order, at: now });
    for (const [known, { at }] of changes) {
      if (now - at < maxAgeMs) break;
      changes.delete(known);
    }
  }

  function keep(name: string, entry: Entry): void {
    entries.delete(name);
    entries.set(name, entry);
    for (const [known, { askedAt }] of entries) {
      if (entries.size <= entriesMax && entry.askedAt - askedAt < maxAgeMs) break;
      entries.delete(known);
    }
  }

  return {
    forget,
    stats: () => ({ entries: entries.size, hits, misses, isConnected: isConnected() }),
    remember({ find, toName, listDependencies }) {
      type Value = NonNullable<Awaited<ReturnType<typeof find>>>;
      if (maxAgeMs === 0) return find;
      return async (key) => {
        if (!isConnected()) return await find(key);
        const name = toName(key);
        const known = entries.get(name);
        if (known && isGood(known)) {
          hits += 1;
          return known.value as Value;
        }
        misses += 1;
        const asked = { askedAt: performance.now(), order };
        const value = await find(key);
        if (value !== null) keep(name, { value, dependencies: listDependencies(value), ...asked });
        return value;
      };
    },
  };
}
