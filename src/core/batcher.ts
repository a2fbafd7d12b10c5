import DataLoader from 'dataloader';
import { isConnectionCut } from '../db/error-map.ts';

/**
 * Merges what many requests in flight ask for into one statement. Nothing is remembered. Only for
 * questions whose key alone decides the answer (such as the hash of a token): what depends on the
 * rights of the caller belongs in a loader of its request. `load` must be free of effects: when the
 * connection is cut under it, it is asked once more, lest one connection fail many requests.
 */
export function createBatcher<Key, Value>(
  load: (keys: readonly Key[]) => Promise<readonly (Value | Error)[]>,
): (key: Key) => Promise<Value> {
  const loader = new DataLoader<Key, Value>((keys) => loadPersistently(load, keys), {
    cache: false,
    maxBatchSize: 200,
    batchScheduleFn: (dispatch) => setImmediate(dispatch),
  });
  return (key) => loader.load(key);
}

async function loadPersistently<Key, Loaded>(
  load: (keys: readonly Key[]) => Promise<Loaded>,
  keys: readonly Key[],
): Promise<Loaded> {
  try {
    return await load(keys);
  } catch (error) {
    if (!isConnectionCut(error)) throw error;
    return await load(keys);
  }
}
