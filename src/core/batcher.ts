import DataLoader from 'dataloader';
import { isConnectionCut } from '../db/error-map.ts';
import { findTracedWork, runFor, type TracedWork } from '../observability/traced-work.ts';

/** What is asked, and in which operation, where operations are traced. */
type Ask<Key> = { key: Key; work: TracedWork | null };

/**
 * Merges what many requests in flight ask for into one statement. Nothing is remembered. Only for
 * questions whose key alone decides the answer (such as the hash of a token): what depends on the
 * rights of the caller belongs in a loader of its request. `load` must be free of effects: when the
 * connection is cut under it, it is asked once more, lest one connection fail many requests. In traces it
 * runs for all who asked: by itself it would run for whoever happened to ask first.
 */
export function createBatcher<Key, Value>(
  load: (keys: readonly Key[]) => Promise<readonly (Value | Error)[]>,
): (key: Key) => Promise<Value> {
  const loadFor = (asks: readonly Ask<Key>[]) =>
    runFor(
      asks.map(({ work }) => work),
      () =>
        loadPersistently(
          load,
          asks.map(({ key }) => key),
        ),
    );
  const loader = new DataLoader<Ask<Key>, Value>(loadFor, {
    cache: false,
    maxBatchSize: 200,
    batchScheduleFn: (dispatch) => setImmediate(dispatch),
  });
  return (key) => loader.load({ key, work: findTracedWork() });
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
