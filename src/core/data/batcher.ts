import DataLoader from 'dataloader';
import { isConnectionLost } from '../../db/error-map.ts';
import { findTracedWork, runFor, type TracedWork } from '../../observability/traced-work.ts';

/** A key, and the traced operation that requested it. */
type Lookup<Key> = { key: Key; work: TracedWork | null };

/**
 * Batches the lookups of all requests in flight into one statement, with equal keys (by `toKey`) once. Caches
 * nothing. The key alone must decide the result (such as a token hash, or an actor and a tenant); what depends on
 * other permissions of the caller belongs in a loader of its request. `load` must have no effects: it is retried once,
 * so one broken connection does not fail many requests. Traces attribute it to all operations of the batch.
 */
export function createBatcher<Key, Value>(
  load: (keys: readonly Key[]) => Promise<readonly (Value | Error)[]>,
  toKey: (key: Key) => string,
): (key: Key) => Promise<Value> {
  const loadFor = (lookups: readonly Lookup<Key>[]) =>
    runFor(
      lookups.map(({ work }) => work),
      () =>
        loadOnce(
          (keys) => loadWithRetry(load, keys),
          lookups.map(({ key }) => key),
          toKey,
        ),
    );
  const loader = new DataLoader<Lookup<Key>, Value>(loadFor, {
    cache: false,
    maxBatchSize: 200,
    batchScheduleFn: (dispatch) => setImmediate(dispatch),
  });
  return (key) => loader.load({ key, work: findTracedWork() });
}

/** Loads equal keys once. */
async function loadOnce<Key, Value>(
  load: (keys: readonly Key[]) => Promise<readonly Value[]>,
  keys: readonly Key[],
  toKey: (key: Key) => string,
): Promise<Value[]> {
  const distinct = new Map<string, Key>();
  const names = keys.map((key) => {
    const name = toKey(key);
    distinct.set(name, key);
    return name;
  });
  const values = await load([...distinct.values()]);
  const byName = new Map([...distinct.keys()].map((name, index) => [name, values[index]]));
  return names.map((name) => byName.get(name) as Value);
}

async function loadWithRetry<Key, Loaded>(
  load: (keys: readonly Key[]) => Promise<Loaded>,
  keys: readonly Key[],
): Promise<Loaded> {
  try {
    return await load(keys);
  } catch (error) {
    if (!isConnectionLost(error)) throw error;
    return await load(keys);
  }
}
