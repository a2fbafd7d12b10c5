import DataLoader from 'dataloader';
import { isConnectionCut } from '../../db/error-map.ts';
import { findTracedWork, runFor, type TracedWork } from '../../observability/traced-work.ts';

/** A key, and the operation it was requested in, where operations are traced. */
type Ask<Key> = { key: Key; work: TracedWork | null };

/**
 * Merges what many requests in flight ask for into one statement, in which equal keys (by `toName`) stand
 * once. Nothing is remembered. Only for
 * questions whose key alone decides the answer (such as the hash of a token, or who asks for what): what
 * depends on more rights of the caller than the key says belongs in a loader of its request. `load` must be free of effects: when the
 * connection is cut under it, it is asked once more, so one broken connection does not fail many requests. In traces it
 * runs for all who asked: by itself it would run for anyone who happened to ask first.
 */
export function createBatcher<Key, Value>(
  load: (keys: readonly Key[]) => Promise<readonly (Value | Error)[]>,
  toName: (key: Key) => string,
): (key: Key) => Promise<Value> {
  const loadFor = (asks: readonly Ask<Key>[]) =>
    runFor(
      asks.map(({ work }) => work),
      () =>
        loadOnce(
          (keys) => loadPersistently(load, keys),
          asks.map(({ key }) => key),
          toName,
        ),
    );
  const loader = new DataLoader<Ask<Key>, Value>(loadFor, {
    cache: false,
    maxBatchSize: 200,
    batchScheduleFn: (dispatch) => setImmediate(dispatch),
  });
  return (key) => loader.load({ key, work: findTracedWork() });
}

/** Asks equal keys once. */
async function loadOnce<Key, Value>(
  load: (keys: readonly Key[]) => Promise<readonly Value[]>,
  keys: readonly Key[],
  toName: (key: Key) => string,
): Promise<Value[]> {
  const distinct = new Map<string, Key>();
  const names = keys.map((key) => {
    const name = toName(key);
    distinct.set(name, key);
    return name;
  });
  const values = await load([...distinct.values()]);
  const byName = new Map([...distinct.keys()].map((name, index) => [name, values[index]]));
  return names.map((name) => byName.get(name) as Value);
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
