import DataLoader from 'dataloader';

/**
 * Merges what many requests in flight ask for into one statement. Nothing is remembered. Only for
 * questions whose key alone decides the answer (such as the hash of a token): what depends on the
 * rights of the caller belongs in a loader of its request.
 */
export function createBatcher<Key, Value>(
  load: (keys: readonly Key[]) => Promise<readonly (Value | Error)[]>,
): (key: Key) => Promise<Value> {
  const loader = new DataLoader<Key, Value>(load, {
    cache: false,
    maxBatchSize: 200,
    batchScheduleFn: (dispatch) => setImmediate(dispatch),
  });
  return (key) => loader.load(key);
}
