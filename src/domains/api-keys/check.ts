import type { LiveApiKey } from '../../core/access/live-api-key.ts';
import { createBatcher } from '../../core/data/batcher.ts';
import { createLastUsedBuffer } from '../../core/data/last-used-buffer.ts';
import { createShared } from '../../core/shared-parts.ts';
import { noScope } from '../../db/scope.ts';
import type { TokenHash } from '../../lib/token.ts';
import { listLiveApiKeys, touchApiKeys } from './queries.ts';

/** Checks API keys by the hash of their token; null for an invalid one. */
export type ApiKeyChecker = {
  find: (tokenHash: TokenHash) => Promise<LiveApiKey | null>;
  /** Bypasses the cache and does not count as a use. */
  peek: (tokenHash: TokenHash) => Promise<LiveApiKey | null>;
  /** Writes the buffered times of last use. */
  close: () => Promise<void>;
};

/**
 * Batches all requests in flight into one statement, caches results briefly, and writes the time of last use in the
 * background, at most once a minute per key.
 */
export const getApiKeyChecker = createShared(({ db, log, cache }): ApiKeyChecker => {
  const findBatched = createBatcher(
    (hashes: readonly TokenHash[]) => db.ask((raw) => listLiveApiKeys(raw, hashes)),
    toKey,
  );
  const findCached = cache.wrap({
    find: findBatched,
    toKey,
    listDependencies: ({ apiKey, creatorId }) => [apiKey.tenantId, creatorId],
  });
  const uses = createLastUsedBuffer({
    write: (ids) => db.write(noScope, (tx) => touchApiKeys(tx, ids)),
    onError: (err, apiKeys) =>
      log.warn({ err, apiKeys }, 'last use of API keys could not be saved'),
  });
  return {
    find: async (tokenHash) => {
      const found = await findCached(tokenHash);
      if (found?.needsTouch) uses.add(found.apiKey.id);
      return found;
    },
    peek: findBatched,
    close: uses.close,
  };
});

function toKey(tokenHash: TokenHash): string {
  return `key ${tokenHash}`;
}
